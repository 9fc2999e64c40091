"""The databases and middleware we recognise, as data: what their processes, ports and packages look like.

Patterns run over a process's *text*: program path and arguments, each between NUL characters. The
groups that match name the instance. A port alone never recognises: anything may listen on 8080.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DATABASE, MIDDLEWARE = "database", "middleware"


def option(*names: str) -> str:
    """Return the pattern of an option's value: `-D /data`, `--datadir=/data`, `-D/data`, `-p11211`."""
    return rf"\0(?:{'|'.join(names)})(?:[=\0]([^\0]+)|([/\d][^\0]*))"


def prop(name: str) -> str:
    """Return the pattern of a Java system property's value."""
    return rf"\0-D{name}=([^\0]+)"


@dataclass(frozen=True, slots=True)
class Product:
    """One product; of several that fit a process the first in `PRODUCTS` is taken."""

    name: str
    kind: str
    programs: Sequence[str] = ()
    """File names of the program, or the title the program gives itself."""
    only: str = ""
    """A pattern the text must hold as well, for programs of a common name."""
    java: str = ""
    """A pattern one whole argument of a Java process must match: main class, jar or property."""
    instance: Sequence[str] = ()
    """Patterns whose groups name the instance, the best first."""
    default: str = ""
    """The instance when nothing else names it."""
    homes: Sequence[str] = ()
    """Globs below the root that find instances that do not run."""
    ports: Sequence[int] = ()
    """Ports it listens on when nobody says otherwise."""
    packages: Sequence[str] = ()
    """Globs of the names of packages that bring the server."""
    version: str = ""
    """A pattern whose group is the version, where a path of the text or the home says it."""
    in_fact: str = ""
    """The product it is when that one's package is installed and none of its own: a fork with the old names."""


_POSTGRES_HOMES = ("var/lib/postgresql/*/*", "var/lib/pgsql/data", "var/lib/pgsql/*/data")

PRODUCTS: tuple[Product, ...] = (
    Product("postgresql", DATABASE, ("postgres", "postmaster"), instance=(option("-D", "--pgdata"),),
            homes=_POSTGRES_HOMES, ports=(5432,), packages=("postgresql-[0-9]*", "postgresql*-server"),
            version=r"(?:postgresql|pgsql|postgres)[-/](\d+(?:\.\d+)*)/"),
    Product("mariadb", DATABASE, ("mariadbd",), instance=(option("--datadir"),), default="/var/lib/mysql",
            ports=(3306,), packages=("mariadb-server", "mariadb-server-[0-9]*", "MariaDB-server")),
    Product("mysql", DATABASE, ("mysqld",), instance=(option("--datadir"),), default="/var/lib/mysql", ports=(3306,),
            packages=("mysql-server-[0-9]*", "mysql-server", "mysql-community-server", "percona-server-server*"),
            version=r"mysql-(\d+(?:\.\d+)+)", in_fact="mariadb"),
    Product("valkey", DATABASE, ("valkey-server", "valkey-sentinel"), default="6379", ports=(6379,),
            instance=(r"\0[^\0]*valkey-s\w+ [^\0]*:(\d+)", option("--port")), packages=("valkey", "valkey-server")),
    Product("redis", DATABASE, ("redis-server", "redis-sentinel"), default="6379", ports=(6379,),
            instance=(r"\0[^\0]*redis-s\w+ [^\0]*:(\d+)", option("--port")), packages=("redis", "redis-server"),
            version=r"redis-(\d+(?:\.\d+)+)", in_fact="valkey"),
    Product("mongodb", DATABASE, ("mongod", "mongos"), instance=(option("--dbpath"), option("-f", "--config")),
            default="/etc/mongod.conf", ports=(27017,), version=r"mongodb-[^\0/]{0,40}?(\d+\.\d+\.\d+)",
            packages=("mongodb-org-server", "mongodb-server", "mongodb-enterprise-server")),
    Product("oracle", DATABASE, ("oracle",), only=r"\0(?:ora|asm)_pmon_", instance=(r"\0(?:ora|asm)_pmon_([^\0]+)",),
            ports=(1521,), packages=("oracle-database-*", "oracle-xe*"), version=r"/product/(\d+(?:\.\d+)*)/"),
    Product("mssql", DATABASE, ("sqlservr",), default="/var/opt/mssql", ports=(1433,), packages=("mssql-server",)),
    Product("db2", DATABASE, ("db2sysc",), instance=(r"\0(/[^\0]+)/sqllib/",), ports=(50000,)),
    Product("dameng", DATABASE, ("dmserver",), instance=(option("path"),), ports=(5236,)),
    Product("kingbase", DATABASE, ("kingbase",), instance=(option("-D"),), ports=(54321,)),
    Product("opengauss", DATABASE, ("gaussdb",), instance=(option("-D"),), ports=(5432, 15400),
            packages=("opengauss*",)),
    Product("oceanbase", DATABASE, ("observer",), only=r"(?i)oceanbase|\0-[zr]\0", ports=(2881, 2882),
            instance=(r"\0(/[^\0]+)/bin/observer\0", option("-d")), packages=("oceanbase", "oceanbase-ce")),
    Product("gbase", DATABASE, ("gbased",), instance=(option("--datadir"),), ports=(5258,)),
    Product("tdengine", DATABASE, ("taosd",), instance=(option("-c"),), default="/etc/taos", ports=(6030,),
            packages=("tdengine", "taosd")),
    Product("tidb", DATABASE, ("tidb-server",), instance=(option("--config"), option("-P")), default="4000",
            ports=(4000,)),
    Product("tikv", DATABASE, ("tikv-server",), instance=(option("--data-dir"),), default="20160", ports=(20160,)),
    Product("pd", DATABASE, ("pd-server",), instance=(option("--data-dir"),), default="2379", ports=(2379, 2380)),
    Product("clickhouse", DATABASE, ("clickhouse-server",), instance=(option("--config-file", "--config", "-C"),),
            default="/etc/clickhouse-server/config.xml", ports=(8123, 9000), packages=("clickhouse-server",)),
    Product("elasticsearch", DATABASE, java=r"(?:.*/)?org\.elasticsearch\.bootstrap\.Elasticsearch",
            instance=(prop(r"es\.path\.conf"), prop(r"es\.path\.home")), default="/etc/elasticsearch",
            ports=(9200, 9300), packages=("elasticsearch", "elasticsearch-oss"),
            version=r"elasticsearch-(\d+\.\d+\.\d+)"),
    Product("opensearch", DATABASE, java=r"org\.opensearch\.bootstrap\.OpenSearch", ports=(9200, 9300),
            instance=(prop(r"opensearch\.path\.conf"), prop(r"opensearch\.path\.home")), default="/etc/opensearch",
            packages=("opensearch",), version=r"opensearch-(\d+\.\d+\.\d+)"),
    Product("cassandra", DATABASE, java=r"org\.apache\.cassandra\.service\.CassandraDaemon",
            instance=(prop(r"cassandra\.storagedir"), prop(r"cassandra\.logdir")), ports=(9042, 7000),
            packages=("cassandra",), version=r"apache-cassandra-(\d+\.\d+\.\d+)"),
    Product("influxdb", DATABASE, ("influxd",), instance=(option("-config", "--config", "--bolt-path"),),
            default="/etc/influxdb", ports=(8086,), packages=("influxdb", "influxdb2")),
    Product("memcached", DATABASE, ("memcached",), instance=(option("-p", "--port"),), default="11211",
            ports=(11211,), packages=("memcached",)),
    Product("nginx", MIDDLEWARE, ("nginx",), default="/etc/nginx/nginx.conf", homes=("etc/nginx/nginx.conf",),
            instance=(r"\0[^\0]*[ \0]-c[ \0]([^\0 ]+)", r"\0(/(?!usr/sbin)[^\0]*)/sbin/nginx\0"), ports=(80, 443),
            packages=("nginx", "nginx-core", "nginx-light", "nginx-full", "nginx-extras", "openresty", "tengine"),
            version=r"(?:nginx|openresty|tengine)-(\d+\.\d+\.\d+)"),
    Product("apache", MIDDLEWARE, ("apache2",), instance=(option("-f"), option("-d")), default="/etc/apache2",
            ports=(80, 443), packages=("apache2",)),
    Product("apache", MIDDLEWARE, ("httpd",), default="/etc/httpd", ports=(80, 443), packages=("httpd",),
            instance=(option("-f"), option("-d"), r"\0(/(?!usr/sbin)[^\0]*)/bin/httpd\0"),
            version=r"httpd-(\d+\.\d+\.\d+)"),
    Product("tongweb", MIDDLEWARE, java=r"-Dtongweb\.home=.*|com\.tongweb\..*Bootstrap", ports=(8088, 9060),
            instance=(prop(r"tongweb\.base"), prop(r"tongweb\.home")),
            version=r"(?i)tongweb(?:/version|[-_])?(\d+(?:\.\d+)+)"),
    Product("apusic", MIDDLEWARE, java=r"com\.apusic\.server\.Main", instance=(prop(r"com\.apusic\.domain\.home"),),
            ports=(6888,)),
    Product("weblogic", MIDDLEWARE, java=r"weblogic\.Server", ports=(7001,), version=r"wlserver_(\d+(?:\.\d+)+)",
            instance=(prop(r"domain\.home"), prop(r"weblogic\.Name"))),
    Product("websphere", MIDDLEWARE, java=r"com\.ibm\.ws\.runtime\.WsServer|.*/ws-server\.jar", ports=(9060, 9080),
            instance=(r"WsServer\0([^\0]+)/config\0[^\0]+\0[^\0]+\0([^\0]+)\0$", prop(r"server\.root"),
                      r"/ws-server\.jar\0([^\0]+)\0$")),
    Product("wildfly", MIDDLEWARE, java=r"org\.jboss\.as\.(?:standalone|server|host-controller)|org\.jboss\.Main",
            instance=(prop(r"jboss\.server\.base\.dir"), prop(r"jboss\.domain\.base\.dir"), prop(r"jboss\.home\.dir")),
            ports=(8080, 9990), packages=("wildfly", "eap*-wildfly"),
            version=r"(?:wildfly|jboss(?:-eap)?|EAP)-(\d+(?:\.\d+)+)"),
    Product("glassfish", MIDDLEWARE, java=r"com\.sun\.enterprise\.glassfish\.bootstrap\.ASMain",
            instance=(prop(r"com\.sun\.aas\.instanceRoot"),), ports=(8080, 4848)),
    Product("tomcat", MIDDLEWARE, java=r"org\.apache\.catalina\.startup\.Bootstrap", ports=(8080,),
            instance=(prop(r"catalina\.base"), prop(r"catalina\.home")), packages=("tomcat", "tomcat[0-9]*"),
            version=r"tomcat-(\d+\.\d+\.\d+)"),
    Product("jetty", MIDDLEWARE, java=r"org\.eclipse\.jetty\.start\.Main|-Djetty\.(?:home|base)=.*", ports=(8080,),
            instance=(prop(r"jetty\.base"), prop(r"jetty\.home")), packages=("jetty[0-9]*",),
            version=r"jetty-(?:home-|distribution-)?(\d+\.\d+\.\d+)"),
    Product("kafka", MIDDLEWARE, java=r"kafka\.Kafka", ports=(9092,),
            instance=(r"\0kafka\.Kafka\0(?:[^\0]*\0)*?([^\0]+\.properties)\0",),
            packages=("confluent-kafka", "confluent-server"), version=r"kafka_\d+\.\d+-(\d+\.\d+\.\d+)"),
    Product("zookeeper", MIDDLEWARE, java=r"org\.apache\.zookeeper\.server\.(?:quorum\.QuorumPeer|ZooKeeperServer)Main",
            instance=(r"\0([^\0]+\.(?:cfg|properties))\0$",), ports=(2181,), packages=("zookeeper", "zookeeperd"),
            version=r"zookeeper-(\d+\.\d+\.\d+)"),
    Product("activemq", MIDDLEWARE, java=r".*/activemq\.jar|org\.apache\.activemq\.artemis\.boot\.Artemis",
            instance=(prop(r"activemq\.base"), prop(r"artemis\.instance"), prop(r"activemq\.home")),
            ports=(61616, 8161), packages=("activemq",), version=r"activemq-(?:artemis-)?(\d+\.\d+\.\d+)"),
    Product("rocketmq", MIDDLEWARE, java=r"org\.apache\.rocketmq\.(?:broker|namesrv|proxy)\.\w+Startup",
            instance=(r"\0org\.apache\.rocketmq\.(\w+)\.\w+\0(?:[^\0]*\0)*?-c\0([^\0]+)",
                      r"\0org\.apache\.rocketmq\.(\w+)\."),
            ports=(9876, 10911), version=r"rocketmq-(?:all-)?(\d+\.\d+\.\d+)"),
    Product("nacos", MIDDLEWARE, java=r".*/nacos-server\.jar", instance=(prop(r"nacos\.home"),), ports=(8848,),
            version=r"nacos-(?:server-)?(\d+\.\d+\.\d+)"),
    Product("rabbitmq", MIDDLEWARE, ("beam.smp", "beam"), only=r"\0-rabbit\0|rabbitmq_server-",
            instance=(option("-sname", "-name"),), default="rabbit", ports=(5672, 15672), packages=("rabbitmq-server",),
            version=r"rabbitmq_server-(\d+\.\d+\.\d+)"),
    Product("ibm-mq", MIDDLEWARE, ("amqzxma0",), instance=(option("-m"),), ports=(1414,), packages=("MQSeriesServer",)),
    Product("haproxy", MIDDLEWARE, ("haproxy",), instance=(option("-f"),), default="/etc/haproxy/haproxy.cfg",
            packages=("haproxy",), version=r"haproxy-(\d+\.\d+\.\d+)"),
    Product("keepalived", MIDDLEWARE, ("keepalived",), instance=(option("-f", "--use-file"),),
            default="/etc/keepalived/keepalived.conf", packages=("keepalived",)),
    Product("etcd", MIDDLEWARE, ("etcd",), instance=(option("--data-dir"),), default="/var/lib/etcd",
            ports=(2379, 2380), packages=("etcd", "etcd-server")),
    Product("minio", MIDDLEWARE, ("minio",), only=r"\0server\0", ports=(9000,), packages=("minio",),
            instance=(r"\0server\0(?:-[^\0]*\0(?:[^/\0-][^\0]*\0)?)*(/[^\0]+)",)),
    Product("squid", MIDDLEWARE, ("squid",), instance=(option("-f"),), default="/etc/squid/squid.conf",
            ports=(3128,), packages=("squid",)),
    Product("varnish", MIDDLEWARE, ("varnishd",), instance=(option("-n"),), default="/var/lib/varnish",
            ports=(6081,), packages=("varnish",)),
)  # fmt: skip
