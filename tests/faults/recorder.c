/* Records what a process does to the files below $RECORD_DIR, so that a power cut can be replayed at any point.
 *
 * Preloaded into a real program (LD_PRELOAD). Each call is made first, then logged to $RECORD_TRACE as
 *   u8 kind | u16 path length | u64 offset | u32 data length | path | data
 * kinds: W write, T truncate, S sync, N rename (data: new path), U unlink.
 * Memory-mapped writes are not seen: SQLite maps only its -shm file, which it rebuilds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *root;
static size_t root_length;

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("RECORD_TRACE");
    root = getenv("RECORD_DIR");
    if (!file || !root) return;
    root_length = strlen(root);
    trace = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int below_root(const char *path) {
    return trace >= 0 && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static void put(const void *data, size_t length) {
    const char *at = data;
    while (length) {
        long done = syscall(SYS_write, trace, at, length);
        if (done <= 0) abort();
        at += done;
        length -= done;
    }
}

static void note(char kind, const char *path, uint64_t offset, const void *data, uint32_t length) {
    unsigned char head[15];
    uint16_t path_length = strlen(path);
    head[0] = kind;
    memcpy(head + 1, &path_length, 2);
    memcpy(head + 3, &offset, 8);
    memcpy(head + 11, &length, 4);
    put(head, sizeof head);
    put(path, path_length);
    put(data, length);
}

/* The path an open descriptor stands for, if it lies below the root. */
static int path_of(int fd, char *path) {
    char link[64];
    if (trace < 0 || fd == trace) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return below_root(path);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = dlsym(RTLD_NEXT, #name);

static ssize_t written(int fd, const void *data, ssize_t done, off64_t offset) {
    char path[PATH_MAX];
    if (done > 0 && path_of(fd, path)) note('W', path, offset, data, done);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    if (trace < 0) return real(fd, data, length);
    pthread_mutex_lock(&lock);
    ssize_t done = real(fd, data, length);
    off64_t end = lseek64(fd, 0, SEEK_CUR);
    if (done > 0 && end >= done) written(fd, data, done, end - done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    if (trace < 0) return real(fd, data, length, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = written(fd, data, real(fd, data, length, offset), offset);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t whole = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return whole ? whole : done;
        whole += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return whole;
}

static int cut(int fd, off64_t length, int result) {
    char path[PATH_MAX];
    if (result == 0 && path_of(fd, path)) note('T', path, length, "", 0);
    return result;
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    pthread_mutex_lock(&lock);
    int result = cut(fd, length, real(fd, length));
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int synced(int fd, int result) {
    char path[PATH_MAX];
    if (result == 0 && path_of(fd, path)) note('S', path, 0, "", 0);
    return result;
}

int fsync(int fd) {
    REAL(fsync);
    pthread_mutex_lock(&lock);
    int result = synced(fd, real(fd));
    pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    pthread_mutex_lock(&lock);
    int result = synced(fd, real(fd));
    pthread_mutex_unlock(&lock);
    return result;
}

/* O_TRUNC empties a file without ftruncate. */
static void opened(int fd, int flags) {
    char path[PATH_MAX];
    if (fd < 0 || trace < 0 || !(flags & (O_TRUNC | O_CREAT)) || !path_of(fd, path)) return;
    pthread_mutex_lock(&lock);
    note(flags & O_TRUNC ? 'T' : 'W', path, 0, "", 0);
    pthread_mutex_unlock(&lock);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    int fd = real(path, flags, mode);
    opened(fd, flags);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open64(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    REAL(openat64);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    int fd = real(folder, path, flags, mode);
    opened(fd, flags);
    return fd;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    pthread_mutex_lock(&lock);
    int result = real(from, to);
    if (result == 0 && trace >= 0 && below_root(from)) note('N', from, 0, to, strlen(to));
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    REAL(unlink);
    pthread_mutex_lock(&lock);
    int result = real(path);
    if (result == 0 && trace >= 0 && below_root(path)) note('U', path, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}
