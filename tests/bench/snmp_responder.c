/* An SNMP responder that is never the limit of a measurement.
 *
 *   snmp_responder PORT ROWS ALIVE
 *
 * sysDescr is "bench". Any column under 1.3.6.1.2.1.2.2.1 (one number, below 128) has ROWS rows, a Counter32 each,
 * index 1 to ROWS.
 * v1, v2c: GET, GETNEXT, GETBULK. v3: whatever comes is answered with the Report of an engine probe.
 * ALIVE: of each /16, how many addresses answer (they are spread over it); 0: all do.
 * It answers from the address that was asked. What it cannot read it drops.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef unsigned char u8;
static const u8 TABLE[] = {0x2b, 6, 1, 2, 1, 2, 2, 1};
static const u8 SYS_DESCR[] = {0x2b, 6, 1, 2, 1, 1, 1, 0};
static const u8 REPORTED[] = {0x2b, 6, 1, 6, 3, 0x0f, 1, 1, 4, 0};
static const u8 ENGINE[] = {0x80, 0, 0x1f, 0x88, 4, 'b', 'e', 'n', 'c', 'h'};
static unsigned rows, alive;

/* Written from the end towards the front, so that every length is known when its turn comes. */
struct out { u8 data[65536]; u8 *at; };

static void put(struct out *o, const void *from, size_t size) { o->at -= size; memcpy(o->at, from, size); }
static void octet(struct out *o, u8 value) { *--o->at = value; }

static void head(struct out *o, u8 tag, u8 *end) {
    size_t size = end - o->at;
    if (size < 0x80) octet(o, size);
    else if (size < 0x100) { octet(o, size); octet(o, 0x81); }
    else { octet(o, size & 0xff); octet(o, size >> 8); octet(o, 0x82); }
    octet(o, tag);
}

static void number(struct out *o, u8 tag, unsigned long value) {
    u8 *end = o->at;
    do octet(o, value & 0xff); while ((value >>= 8) || (*o->at & 0x80 && (octet(o, 0), 0)));
    head(o, tag, end);
}

static u8 *content(u8 **at, u8 *end, u8 tag, size_t *size) {
    if (*at + 2 > end || **at != tag) return NULL;
    u8 *p = *at + 2;
    *size = (*at)[1];
    if (*size >= 0x80) {
        int octets = *size & 0x7f;
        if (octets < 1 || octets > 2 || p + octets > end) return NULL;
        for (*size = 0; octets--; p++) *size = *size << 8 | *p;
    }
    if (*size > (size_t)(end - p)) return NULL;
    *at = p + *size;
    return p;
}

static long integer(u8 **at, u8 *end) {
    size_t size;
    long value = 0;
    u8 *p = content(at, end, 2, &size);
    if (!p || size > 5) return -1;
    while (size--) value = value << 8 | *p++;
    return value;
}

struct place { unsigned column; unsigned long row; };

static struct place place_of(const u8 *name, size_t size) {
    struct place found = {1, 0};
    if (size == sizeof SYS_DESCR && !memcmp(name, SYS_DESCR, size)) found.column = 0;
    if (size <= sizeof TABLE || memcmp(name, TABLE, sizeof TABLE)) return found;
    found.column = name[sizeof TABLE];
    for (size_t i = sizeof TABLE + 1; i < size; i++) found.row = found.row << 7 | (name[i] & 0x7f);
    return found;
}

static void variable(struct out *o, struct place at) {
    u8 *end = o->at, *name;
    if (!at.column) {
        put(o, "bench", 5), head(o, 4, end), name = o->at;
        put(o, SYS_DESCR, sizeof SYS_DESCR), head(o, 6, name), head(o, 0x30, end);
        return;
    }
    if (at.column < 128) number(o, 0x41, at.row * 2654435761UL & 0xffffffff);
    else { octet(o, 0); octet(o, 0x82); }
    name = o->at;
    if (at.column < 128) {
        octet(o, at.row & 0x7f);
        for (unsigned long rest = at.row >> 7; rest; rest >>= 7) octet(o, 0x80 | (rest & 0x7f));
        octet(o, at.column);
    }
    put(o, TABLE, sizeof TABLE);
    head(o, 6, name);
    head(o, 0x30, end);
}

static struct place following(struct place at) {
    if (at.row < rows) at.row++;
    else at.column++, at.row = 1;
    return at;
}

static size_t answer(u8 *in, size_t length, struct out *o) {
    u8 *at = in, *end = in + length, *p, *last = o->data + sizeof o->data;
    size_t size, community_size;
    struct place asked[64], told[4096];
    int names = 0, count = 0;
    o->at = last;
    if (!(p = content(&at, end, 0x30, &size))) return 0;
    at = p, end = p + size;
    long version = integer(&at, end);
    if (version == 3) {
        if (!(p = content(&at, end, 0x30, &size))) return 0;
        long message = integer(&p, p + size);
        number(o, 0x41, 1);
        u8 *name = o->at;
        put(o, REPORTED, sizeof REPORTED);
        head(o, 6, name), head(o, 0x30, last), head(o, 0x30, last);
        number(o, 2, 0), number(o, 2, 0), number(o, 2, message), head(o, 0xa8, last);
        octet(o, 0), octet(o, 4);
        u8 *inner = o->at;
        put(o, ENGINE, sizeof ENGINE), head(o, 4, inner), head(o, 0x30, last);
        u8 *security = o->at;
        for (int i = 0; i < 3; i++) octet(o, 0), octet(o, 4);
        number(o, 2, 86400), number(o, 2, 7);
        inner = o->at;
        put(o, ENGINE, sizeof ENGINE), head(o, 4, inner), head(o, 0x30, security), head(o, 4, security);
        u8 *header = o->at;
        number(o, 2, 3), octet(o, 0), octet(o, 1), octet(o, 4), number(o, 2, 65507), number(o, 2, message);
        head(o, 0x30, header), number(o, 2, 3), head(o, 0x30, last);
        return last - o->at;
    }
    u8 *community = content(&at, end, 4, &community_size);
    if (version < 0 || version > 1 || !community) return 0;
    u8 kind = *at;
    if (!(p = content(&at, end, kind, &size))) return 0;
    at = p, end = p + size;
    u8 *id = at;
    integer(&at, end);
    size_t id_size = at - id;
    integer(&at, end);
    long repetitions = integer(&at, end);
    if (!(p = content(&at, end, 0x30, &size))) return 0;
    for (at = p, end = p + size; at < end && names < 64; ) {
        u8 *inner = content(&at, end, 0x30, &size), *inner_end = inner + size;
        if (!inner || !(p = content(&inner, inner_end, 6, &size))) return 0;
        asked[names++] = place_of(p, size);
    }
    if (kind != 0xa5) repetitions = 1;
    for (long row = 0; row < repetitions && count + names <= 1500; row++)
        for (int i = 0; i < names; i++)
            told[count++] = asked[i] = kind == 0xa0 ? asked[i] : following(asked[i]);
    while (count--) variable(o, told[count]);
    head(o, 0x30, last), number(o, 2, 0), number(o, 2, 0), put(o, id, id_size), head(o, 0xa2, last);
    u8 *name = o->at;
    put(o, community, community_size), head(o, 4, name), number(o, 2, version), head(o, 0x30, last);
    return last - o->at;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    rows = atoi(argv[2]), alive = atoi(argv[3]);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 32 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, sizeof here)) return 1;
    puts("ready");
    fflush(stdout);
    static u8 in[65536];
    static struct out o;
    char control[256];
    struct sockaddr_in from;
    for (;;) {
        struct iovec part = {in, sizeof in};
        struct msghdr message = {&from, sizeof from, &part, 1, control, sizeof control, 0};
        ssize_t length = recvmsg(fd, &message, 0);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (length <= 0 || !c) continue;
        struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(c);
        unsigned host = ntohl(info->ipi_addr.s_addr) & 0xffff;
        if (alive && (host * 40503U & 0xffff) >= alive) continue;
        size_t size = answer(in, length, &o);
        if (!size) continue;
        info->ipi_ifindex = 0, info->ipi_spec_dst = info->ipi_addr;
        part = (struct iovec){o.at, size};
        message.msg_flags = 0;
        sendmsg(fd, &message, 0);
    }
}
