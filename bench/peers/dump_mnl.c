// Dumps of the kernel's tables with libmnl: numbers only, an array of structs.
// Each line of stdin says how many; the answer is what they had and took.
//
//   dump_mnl route|link|neighbour|address|receive

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// MNL_SOCKET_DUMP_SIZE of newer libmnl: the kernel sends no more at once.
#define DATAGRAM 32768

struct route {
  unsigned char family, prefix, tos, protocol, scope, type, preference;
  unsigned flags, table, oif, metric, realms;
  unsigned char dst[16], gateway[16], prefsrc[16];
};

struct link {
  unsigned short type;
  int index, master, link;
  unsigned flags, mtu, txqlen, group;
  unsigned char operstate, mode;
  unsigned char address[32], broadcast[32];
  char name[IFNAMSIZ], qdisc[IFNAMSIZ], kind[16];
};

struct neighbour {
  unsigned char family, type, flags;
  unsigned short state;
  int index;
  unsigned probes;
  unsigned char dst[16], lladdr[32];
  struct nda_cacheinfo cache;
};

struct address {
  unsigned char family, prefix, scope;
  int index;
  unsigned flags;
  unsigned char local[16], address[16], broadcast[16];
  char label[IFNAMSIZ];
  struct ifa_cacheinfo cache;
};

static void *objects;
static size_t count, room;

static void *another(size_t size) {
  if (count == room) {
    room = room ? room * 2 : 1024;
    objects = realloc(objects, room * size);
  }
  void *one = (char *)objects + count++ * size;
  memset(one, 0, size);
  return one;
}

static void bytes(void *to, size_t room, const struct nlattr *attr) {
  size_t length = mnl_attr_get_payload_len(attr);
  memcpy(to, mnl_attr_get_payload(attr), length < room ? length : room);
}

static int on_route(const struct nlmsghdr *nlh, void *data) {
  const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
  struct route *one = another(sizeof *one);
  const struct nlattr *attr;
  one->family = rtm->rtm_family;
  one->prefix = rtm->rtm_dst_len;
  one->tos = rtm->rtm_tos;
  one->table = rtm->rtm_table;
  one->protocol = rtm->rtm_protocol;
  one->scope = rtm->rtm_scope;
  one->type = rtm->rtm_type;
  one->flags = rtm->rtm_flags;
  mnl_attr_for_each(attr, nlh, sizeof *rtm) {
    switch (mnl_attr_get_type(attr)) {
    case RTA_TABLE: one->table = mnl_attr_get_u32(attr); break;
    case RTA_DST: bytes(one->dst, 16, attr); break;
    case RTA_GATEWAY: bytes(one->gateway, 16, attr); break;
    case RTA_PREFSRC: bytes(one->prefsrc, 16, attr); break;
    case RTA_OIF: one->oif = mnl_attr_get_u32(attr); break;
    case RTA_PRIORITY: one->metric = mnl_attr_get_u32(attr); break;
    case RTA_FLOW: one->realms = mnl_attr_get_u32(attr); break;
    case RTA_PREF: one->preference = mnl_attr_get_u8(attr); break;
    }
  }
  return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data) {
  const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
  struct link *one = another(sizeof *one);
  const struct nlattr *attr, *inner;
  one->type = ifi->ifi_type;
  one->index = ifi->ifi_index;
  one->flags = ifi->ifi_flags;
  mnl_attr_for_each(attr, nlh, sizeof *ifi) {
    switch (mnl_attr_get_type(attr)) {
    case IFLA_IFNAME: bytes(one->name, IFNAMSIZ, attr); break;
    case IFLA_MTU: one->mtu = mnl_attr_get_u32(attr); break;
    case IFLA_MASTER: one->master = mnl_attr_get_u32(attr); break;
    case IFLA_LINK: one->link = mnl_attr_get_u32(attr); break;
    case IFLA_TXQLEN: one->txqlen = mnl_attr_get_u32(attr); break;
    case IFLA_GROUP: one->group = mnl_attr_get_u32(attr); break;
    case IFLA_OPERSTATE: one->operstate = mnl_attr_get_u8(attr); break;
    case IFLA_LINKMODE: one->mode = mnl_attr_get_u8(attr); break;
    case IFLA_QDISC: bytes(one->qdisc, IFNAMSIZ, attr); break;
    case IFLA_ADDRESS: bytes(one->address, 32, attr); break;
    case IFLA_BROADCAST: bytes(one->broadcast, 32, attr); break;
    case IFLA_LINKINFO:
      mnl_attr_for_each_nested(inner, attr)
        if (mnl_attr_get_type(inner) == IFLA_INFO_KIND)
          bytes(one->kind, 16, inner);
      break;
    }
  }
  return MNL_CB_OK;
}

static int on_neighbour(const struct nlmsghdr *nlh, void *data) {
  const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
  struct neighbour *one = another(sizeof *one);
  const struct nlattr *attr;
  one->family = ndm->ndm_family;
  one->index = ndm->ndm_ifindex;
  one->state = ndm->ndm_state;
  one->flags = ndm->ndm_flags;
  one->type = ndm->ndm_type;
  mnl_attr_for_each(attr, nlh, sizeof *ndm) {
    switch (mnl_attr_get_type(attr)) {
    case NDA_DST: bytes(one->dst, 16, attr); break;
    case NDA_LLADDR: bytes(one->lladdr, 32, attr); break;
    case NDA_PROBES: one->probes = mnl_attr_get_u32(attr); break;
    case NDA_CACHEINFO: bytes(&one->cache, sizeof one->cache, attr); break;
    }
  }
  return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *nlh, void *data) {
  const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
  struct address *one = another(sizeof *one);
  const struct nlattr *attr;
  one->family = ifa->ifa_family;
  one->prefix = ifa->ifa_prefixlen;
  one->scope = ifa->ifa_scope;
  one->index = ifa->ifa_index;
  one->flags = ifa->ifa_flags;
  mnl_attr_for_each(attr, nlh, sizeof *ifa) {
    switch (mnl_attr_get_type(attr)) {
    case IFA_LOCAL: bytes(one->local, 16, attr); break;
    case IFA_ADDRESS: bytes(one->address, 16, attr); break;
    case IFA_BROADCAST: bytes(one->broadcast, 16, attr); break;
    case IFA_LABEL: bytes(one->label, IFNAMSIZ, attr); break;
    case IFA_FLAGS: one->flags = mnl_attr_get_u32(attr); break;
    case IFA_CACHEINFO: bytes(&one->cache, sizeof one->cache, attr); break;
    }
  }
  return MNL_CB_OK;
}

static int on_nothing(const struct nlmsghdr *nlh, void *data) {
  count++;
  return MNL_CB_OK;
}

static const struct table {
  const char *name;
  int type, family;
  size_t header;
  mnl_cb_t on_message;
} TABLES[] = {
  { "route", RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), on_route },
  { "link", RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), on_link },
  { "neighbour", RTM_GETNEIGH, AF_INET, sizeof(struct ndmsg), on_neighbour },
  { "address", RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg), on_address },
  { "receive", RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), on_nothing },
};

static void dump(struct mnl_socket *socket, const struct table *table, unsigned seq) {
  static char buffer[DATAGRAM];
  struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
  nlh->nlmsg_type = table->type;
  nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  nlh->nlmsg_seq = seq;
  *(char *)mnl_nlmsg_put_extra_header(nlh, table->header) = table->family;
  if (table->type == RTM_GETLINK)
    mnl_attr_put_u32(nlh, IFLA_EXT_MASK,
         RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
  if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0) {
    perror("sendto");
    exit(1);
  }
  unsigned port = mnl_socket_get_portid(socket);
  int state = MNL_CB_OK;
  while (state > MNL_CB_STOP) {
    ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
    if (length < 0) {
      perror("recvfrom");
      exit(1);
    }
    state = mnl_cb_run(buffer, length, seq, port, table->on_message, NULL);
  }
  if (state < 0) {
    perror("dump");
    exit(1);
  }
}

int main(int argc, char **argv) {
  const struct table *table = TABLES, *end = table + sizeof TABLES / sizeof *TABLES;
  while (table < end && (argc < 2 || strcmp(table->name, argv[1])))
    table++;
  if (table == end) {
    fprintf(stderr, "dump_mnl route|link|neighbour|address|receive\n");
    return 2;
  }
  struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
  int on = 1;
  if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    perror("netlink socket");
    return 1;
  }
  mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  printf("ready\n");
  fflush(stdout);
  char line[64];
  unsigned seq = 1;
  while (fgets(line, sizeof line, stdin)) {
    struct timespec from, to;
    size_t total = 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int left = atoi(line); left > 0; left--) {
      dump(socket, table, seq++);
      total += count;
      free(objects);
      objects = NULL;
      count = room = 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("{\"objects\":%zu,\"seconds\":%.9f}\n", total,
           to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9);
    fflush(stdout);
  }
  return 0;
}
