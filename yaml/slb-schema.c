/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */


#include <config.h>

#include "yaml/slb-schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/slb-outbound.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-text.h"

#define FIELD(STRUCT, MEMBER) .offset = offsetof(struct STRUCT, MEMBER)
#define NAME_FIELD(HELP)                                            \
    { .name = "name", .type = SLB_T_NAME, FIELD(slb_object, name),  \
      .required = true, .help = HELP }
#define CLASS_FIELDS(FIELDS) .fields = FIELDS, .n_fields = ARRAY_SIZE(FIELDS)

/* Defaults that depend on other fields. */

static void
compute_gateway(const struct slb_object *object, void *value)
{
    const struct slb_subnet *subnet = (const struct slb_subnet *) object;
    struct in6_addr *gateway = value;

    if (slb_object_has(object, "prefix")) {
        *gateway = slb_prefix_gateway(&subnet->prefix);
    }
}

static void
compute_allocation(const struct slb_object *object, void *value)
{
    const struct slb_frontend *frontend = (const struct slb_frontend *) object;
    int *allocation = value;

    *allocation = (ipv6_is_zero(&frontend->address) ? SLB_ALLOCATION_DYNAMIC
                   : SLB_ALLOCATION_STATIC);
}

/* VirtualNetwork. */

static const struct slb_field subnet_fields[] = {
    NAME_FIELD("The subnet's name, unique in its network."),
    { .name = "prefix", .type = SLB_T_PREFIX, FIELD(slb_subnet, prefix),
      .required = true, .help = "The subnet's addresses." },
    { .name = "gateway", .type = SLB_T_ADDRESS, FIELD(slb_subnet, gateway),
      .computed = compute_gateway, .computed_help = "the subnet's first one",
      .help = "The address of the router that the subnet's machines see." },
};
const struct slb_class slb_subnet_class = {
    .name = "Subnet", .noun = "subnet", .nouns = "subnets",
    .size = sizeof(struct slb_subnet),
    CLASS_FIELDS(subnet_fields),
    .help = "A range of addresses of a virtual network.",
};

static const struct slb_field network_fields[] = {
    NAME_FIELD("The network's name, unique among virtual networks."),
    { .name = "subnets", .type = SLB_T_LIST, FIELD(slb_network, subnets),
      .required = true, .class = &slb_subnet_class,
      .help = "The addresses of the network's virtual machines." },
    { .name = "peerings", .type = SLB_T_REFS, FIELD(slb_network, peerings),
      .class = &slb_network_class,
      .help = "The virtual networks it is connected with; they must name it, "
              "too." },
};
const struct slb_class slb_network_class = {
    .name = "VirtualNetwork", .noun = "virtual network",
    .nouns = "virtual networks",
    .size = sizeof(struct slb_network), CLASS_FIELDS(network_fields),
    .help = "A network of virtual machines, isolated from all others but its "
            "peers.",
};

/* PublicIPPrefix. */

static const struct slb_field public_prefix_fields[] = {
    NAME_FIELD("The prefix's name, unique among public IP prefixes."),
    { .name = "prefix", .type = SLB_T_PREFIX,
      FIELD(slb_public_prefix, prefix), .required = true,
      .help = "The public addresses that frontends get theirs from." },
};
const struct slb_class slb_public_prefix_class = {
    .name = "PublicIPPrefix", .noun = "public IP prefix",
    .nouns = "public IP prefixes",
    .size = sizeof(struct slb_public_prefix),
    CLASS_FIELDS(public_prefix_fields),
    .help = "A range of public addresses for frontends.",
};

/* LoadBalancer. */

static const char *const allocations[] = {
    [SLB_ALLOCATION_STATIC] = "Static", [SLB_ALLOCATION_DYNAMIC] = "Dynamic",
    NULL
};
static const struct slb_field frontend_fields[] = {
    NAME_FIELD("The frontend's name, unique in its load balancer."),
    { .name = "address", .type = SLB_T_ADDRESS,
      FIELD(slb_frontend, address),
      .help = "The address clients use: internal if it is in a subnet of the "
              "network, else public; without, one is assigned." },
    { .name = "publicIPPrefix", .type = SLB_T_REF,
      FIELD(slb_frontend, public_ip_prefix),
      .class = &slb_public_prefix_class,
      .help = "The public IP prefix that the address is out of." },
    { .name = "subnet", .type = SLB_T_REF, FIELD(slb_frontend, subnet),
      .class = &slb_subnet_class,
      .help = "The subnet of the network that the address is out of: an "
              "internal frontend." },
    { .name = "privateIPAllocationMethod", .type = SLB_T_ENUM,
      FIELD(slb_frontend, allocation), .def = -1, .values = allocations,
      .computed = compute_allocation,
      .computed_help = "Static with an address, Dynamic without",
      .help = "Whether the address is given (Static) or assigned and then "
              "kept (Dynamic)." },
    { .name = "zones", .type = SLB_T_NAMES, FIELD(slb_frontend, zones),
      .help = "The zones whose muxes announce the address; none: all zones, "
              "zone redundant." },
    { .name = "fastpath", .type = SLB_T_BOOLEAN,
      FIELD(slb_frontend, fastpath), .def = false,
      .help = "Whether connections from our own machines go from host to "
              "host, without a mux." },
    { .name = "enableIcmpEcho", .type = SLB_T_BOOLEAN,
      FIELD(slb_frontend, icmp_echo), .def = true,
      .help = "Whether the address answers ping." },
    { .name = "enableReject", .type = SLB_T_BOOLEAN,
      FIELD(slb_frontend, reject), .def = false,
      .help = "Whether what no rule is for is refused (TCP: by RST, else by "
              "ICMP unreachable), not dropped in silence." },
};
const struct slb_class slb_frontend_class = {
    .name = "Frontend", .noun = "frontend", .nouns = "frontends",
    .size = sizeof(struct slb_frontend), CLASS_FIELDS(frontend_fields),
    .help = "An address at which a load balancer serves.",
};

static const char *const admin_states[] = {
    [SLB_ADMIN_NONE] = "None", [SLB_ADMIN_UP] = "Up",
    [SLB_ADMIN_DOWN] = "Down", NULL
};
static const struct slb_field member_fields[] = {
    { .name = "name", .type = SLB_T_NAME, FIELD(slb_object, name),
      .help = "The name of the virtual machine's port (its iface-id); "
              "without, the address tells which one it is." },
    { .name = "address", .type = SLB_T_ADDRESS, FIELD(slb_member, address),
      .help = "The virtual machine's address, in a subnet of the network or "
              "its peers; without, the one that its port has." },
    { .name = "weight", .type = SLB_T_INTEGER, FIELD(slb_member, weight),
      .def = 1, .min = 0, .max = 1000,
      .help = "Its share of new connections, relative to the other members; "
              "0 gives it none." },
    { .name = "adminState", .type = SLB_T_ENUM,
      FIELD(slb_member, admin_state), .def = SLB_ADMIN_NONE,
      .values = admin_states,
      .help = "Up: gets new connections whatever its probes say; Down: gets "
              "none; None: its probes decide." },
};
const struct slb_class slb_member_class = {
    .name = "Member", .noun = "member", .nouns = "members",
    .size = sizeof(struct slb_member),
    CLASS_FIELDS(member_fields), .name_from = "address",
    .help = "A virtual machine that serves connections.",
};

static const char *const silent_host_behaviors[] = {
    [SLB_SILENT_KEEP] = "Keep", [SLB_SILENT_DOWN] = "Down", NULL
};
static const struct slb_field pool_fields[] = {
    NAME_FIELD("The pool's name, unique in its load balancer."),
    { .name = "silentHostBehavior", .type = SLB_T_ENUM,
      FIELD(slb_pool, silent_host), .def = SLB_SILENT_KEEP,
      .values = silent_host_behaviors,
      .help = "What becomes of members, with a probe or without, while nothing "
              "is heard of their host: they stay what they were (Keep), or "
              "are down (Down).  The target of a NAT rule always stays." },
    { .name = "members", .type = SLB_T_LIST, FIELD(slb_pool, members),
      .required = true, .class = &slb_member_class,
      .help = "The virtual machines among which connections are shared." },
};
const struct slb_class slb_pool_class = {
    .name = "BackendPool", .noun = "backend pool", .nouns = "backend pools",
    .size = sizeof(struct slb_pool), CLASS_FIELDS(pool_fields),
    .help = "A group of virtual machines that serve the same.",
};

static const char *const probe_protocols[] = {
    [SLB_PROBE_TCP] = "Tcp", [SLB_PROBE_HTTP] = "Http",
    [SLB_PROBE_HTTPS] = "Https", NULL
};
static const char *const no_healthy_behaviors[] = {
    [SLB_ALL_PROBED_DOWN] = "AllProbedDown",
    [SLB_ALL_PROBED_UP] = "AllProbedUp", NULL
};
static const struct slb_field probe_fields[] = {
    NAME_FIELD("The probe's name, unique in its load balancer."),
    { .name = "protocol", .type = SLB_T_ENUM, FIELD(slb_probe, protocol),
      .required = true, .values = probe_protocols,
      .help = "What a healthy member answers: a connection (Tcp) or a request "
              "with status 200 (Http, Https)." },
    { .name = "port", .type = SLB_T_INTEGER, FIELD(slb_probe, port),
      .required = true, .min = 1, .max = 65535,
      .help = "The member's port that is probed." },
    { .name = "requestPath", .type = SLB_T_TEXT,
      FIELD(slb_probe, request_path), .max = 2048,
      .help = "The path that is requested: required for Http and Https, none "
              "for Tcp." },
    { .name = "intervalInSeconds", .type = SLB_T_INTEGER,
      FIELD(slb_probe, interval), .def = 15, .min = 5, .max = 300,
      .help = "The time between two probes of a member." },
    { .name = "numberOfProbes", .type = SLB_T_INTEGER,
      FIELD(slb_probe, number_of_probes), .def = 2, .min = 1, .max = 100,
      .help = "After how many probes with the same result in a row a member "
              "changes its state." },
    { .name = "noHealthyBackendsBehavior", .type = SLB_T_ENUM,
      FIELD(slb_probe, no_healthy_backends), .def = SLB_ALL_PROBED_DOWN,
      .values = no_healthy_behaviors,
      .help = "Who gets new connections while all members are down: nobody "
              "(AllProbedDown), or all of them (AllProbedUp)." },
};
const struct slb_class slb_probe_class = {
    .name = "Probe", .noun = "probe", .nouns = "probes",
    .size = sizeof(struct slb_probe),
    CLASS_FIELDS(probe_fields),
    .help = "How members are asked whether they are healthy.",
};

static const char *const protocols[] = {
    [SLB_PROTOCOL_TCP] = "Tcp", [SLB_PROTOCOL_UDP] = "Udp",
    [SLB_PROTOCOL_ALL] = "All", NULL
};
static const char *const tcp_udp[] = {
    [SLB_PROTOCOL_TCP] = "Tcp", [SLB_PROTOCOL_UDP] = "Udp", NULL
};
static const char *const distributions[] = {
    [SLB_DISTRIBUTION_DEFAULT] = "Default",
    [SLB_DISTRIBUTION_SOURCE_IP] = "SourceIP",
    [SLB_DISTRIBUTION_SOURCE_IP_PROTOCOL] = "SourceIPProtocol", NULL
};

#define IDLE_FIELD(STRUCT, MAX_MINUTES)                                  \
    { .name = "idleTimeoutInMinutes", .type = SLB_T_INTEGER,            \
      FIELD(STRUCT, idle_timeout), .def = 4, .min = 4,                  \
      .max = MAX_MINUTES,                                               \
      .help = "How long a connection without packets is remembered." }
#define RESET_FIELD(STRUCT)                                             \
    { .name = "enableTcpReset", .type = SLB_T_BOOLEAN,                  \
      FIELD(STRUCT, tcp_reset), .def = false,                           \
      .help = "Whether both ends of a connection that is no longer "      \
              "remembered are told so with a RST." }
#define FLOATING_FIELD(STRUCT)                                          \
    { .name = "enableFloatingIP", .type = SLB_T_BOOLEAN,                \
      FIELD(STRUCT, floating_ip), .def = false,                         \
      .help = "Whether virtual machines get packets with the frontend's " \
              "address in them, not with their own." }

static const struct slb_field rule_fields[] = {
    NAME_FIELD("The rule's name, unique in its load balancer."),
    { .name = "frontend", .type = SLB_T_REF, FIELD(slb_rule, frontend),
      .required = true, .class = &slb_frontend_class,
      .help = "The frontend at which connections come in." },
    { .name = "backendPool", .type = SLB_T_REF,
      FIELD(slb_rule, backend_pool), .required = true,
      .class = &slb_pool_class,
      .help = "The backend pool that serves them." },
    { .name = "probe", .type = SLB_T_REF, FIELD(slb_rule, probe),
      .class = &slb_probe_class,
      .help = "The probe that decides which members are healthy; without, "
              "all are." },
    { .name = "protocol", .type = SLB_T_ENUM, FIELD(slb_rule, protocol),
      .required = true, .values = protocols,
      .help = "The transport protocol; All, with ports 0: whatever comes to "
              "the frontend (HA ports)." },
    { .name = "frontendPort", .type = SLB_T_INTEGER,
      FIELD(slb_rule, frontend_port), .min = 0, .max = 65535,
      .help = "The port that clients use: required, but for protocol All, "
              "which has none, or 0." },
    { .name = "backendPort", .type = SLB_T_INTEGER,
      FIELD(slb_rule, backend_port), .min = 0, .max = 65535,
      .help = "The port that the virtual machines serve: required, but for "
              "protocol All, which has none, or 0." },
    { .name = "loadDistribution", .type = SLB_T_ENUM,
      FIELD(slb_rule, load_distribution), .def = SLB_DISTRIBUTION_DEFAULT,
      .values = distributions,
      .help = "What a member is chosen by; Default: addresses, ports and "
              "protocol; SourceIP: addresses; SourceIPProtocol: addresses and "
              "protocol." },
    IDLE_FIELD(slb_rule, 30),
    RESET_FIELD(slb_rule),
    FLOATING_FIELD(slb_rule),
    { .name = "disableOutboundSnat", .type = SLB_T_BOOLEAN,
      FIELD(slb_rule, disable_outbound_snat), .def = false,
      .help = "Whether members do not use the frontend's address for "
              "connections of their own." },
    { .name = "sourceRanges", .type = SLB_T_PREFIXES,
      FIELD(slb_rule, source_ranges),
      .help = "The clients' addresses that are let in; none: all." },
    { .name = "enableReject", .type = SLB_T_BOOLEAN,
      FIELD(slb_rule, reject), .def = false,
      .help = "Whether, while no member can take a connection, it is refused "
              "(TCP: by RST, else by ICMP unreachable), not dropped in "
              "silence." },
};
const struct slb_class slb_rule_class = {
    .name = "Rule", .noun = "rule", .nouns = "rules",
    .size = sizeof(struct slb_rule),
    CLASS_FIELDS(rule_fields),
    .help = "Connections to a port of a frontend go to a backend pool.",
};

static const struct slb_field nat_rule_fields[] = {
    NAME_FIELD("The inbound NAT rule's name, unique in its load balancer."),
    { .name = "frontend", .type = SLB_T_REF, FIELD(slb_nat_rule, frontend),
      .required = true, .class = &slb_frontend_class,
      .help = "The frontend at which connections come in." },
    { .name = "protocol", .type = SLB_T_ENUM, FIELD(slb_nat_rule, protocol),
      .required = true, .values = tcp_udp,
      .help = "The transport protocol." },
    { .name = "frontendPort", .type = SLB_T_INTEGER,
      FIELD(slb_nat_rule, frontend_port), .required = true, .min = 1,
      .max = 65535, .help = "The port that clients use." },
    { .name = "backendPort", .type = SLB_T_INTEGER,
      FIELD(slb_nat_rule, backend_port), .required = true, .min = 1,
      .max = 65535, .help = "The port that the virtual machine serves." },
    { .name = "target", .type = SLB_T_TEXT, FIELD(slb_nat_rule, target),
      .required = true, .max = SLB_NAME_MAX,
      .help = "The virtual machine: the name of its port, or its address." },
    IDLE_FIELD(slb_nat_rule, 30),
    RESET_FIELD(slb_nat_rule),
    FLOATING_FIELD(slb_nat_rule),
};
const struct slb_class slb_nat_rule_class = {
    .name = "InboundNatRule", .noun = "inbound NAT rule",
    .nouns = "inbound NAT rules",
    .size = sizeof(struct slb_nat_rule), CLASS_FIELDS(nat_rule_fields),
    .help = "Connections to a port of a frontend go to one virtual machine.",
};

static const struct slb_field nat_pool_fields[] = {
    NAME_FIELD("The inbound NAT pool's name, unique in its load balancer."),
    { .name = "frontend", .type = SLB_T_REF, FIELD(slb_nat_pool, frontend),
      .required = true, .class = &slb_frontend_class,
      .help = "The frontend at which connections come in." },
    { .name = "backendPool", .type = SLB_T_REF,
      FIELD(slb_nat_pool, backend_pool), .required = true,
      .class = &slb_pool_class,
      .help = "The backend pool each of whose members gets a port." },
    { .name = "protocol", .type = SLB_T_ENUM, FIELD(slb_nat_pool, protocol),
      .required = true, .values = tcp_udp,
      .help = "The transport protocol." },
    { .name = "frontendPortRangeStart", .type = SLB_T_INTEGER,
      FIELD(slb_nat_pool, first_port), .required = true, .min = 1,
      .max = 65535, .help = "The first port that members get." },
    { .name = "frontendPortRangeEnd", .type = SLB_T_INTEGER,
      FIELD(slb_nat_pool, last_port), .required = true, .min = 1,
      .max = 65535, .help = "The last port that members get." },
    { .name = "backendPort", .type = SLB_T_INTEGER,
      FIELD(slb_nat_pool, backend_port), .required = true, .min = 1,
      .max = 65535, .help = "The port that the virtual machines serve." },
    IDLE_FIELD(slb_nat_pool, 30),
    RESET_FIELD(slb_nat_pool),
    FLOATING_FIELD(slb_nat_pool),
};
const struct slb_class slb_nat_pool_class = {
    .name = "InboundNatPool", .noun = "inbound NAT pool",
    .nouns = "inbound NAT pools",
    .size = sizeof(struct slb_nat_pool), CLASS_FIELDS(nat_pool_fields),
    .help = "Each member of a backend pool gets a port of a frontend.",
};

static const struct slb_word port_words[] = {
    { "OnDemand", SLB_OUTBOUND_ON_DEMAND }, { "Even", SLB_OUTBOUND_EVEN },
    { NULL, 0 }
};
static const struct slb_field outbound_rule_fields[] = {
    NAME_FIELD("The outbound rule's name, unique in its load balancer."),
    { .name = "frontends", .type = SLB_T_REFS,
      FIELD(slb_outbound_rule, frontends), .required = true,
      .class = &slb_frontend_class,
      .help = "The frontends whose addresses and ports are used." },
    { .name = "backendPool", .type = SLB_T_REF,
      FIELD(slb_outbound_rule, backend_pool), .required = true,
      .class = &slb_pool_class,
      .help = "The backend pool whose members may connect to the outside." },
    { .name = "protocol", .type = SLB_T_ENUM,
      FIELD(slb_outbound_rule, protocol), .def = SLB_PROTOCOL_ALL,
      .values = protocols, .help = "The transport protocol." },
    { .name = "allocatedOutboundPorts", .type = SLB_T_INTEGER,
      FIELD(slb_outbound_rule, ports), .def = 0, .min = 0, .max = 64000,
      .multiple = 8, .words = port_words,
      .help = "How many ports each member gets; 0: by the pool's size (up to "
              "50 members: 1024 each, 100: 512, 200: 256, 400: 128, 800: 64, "
              "1000: 32); Even: all, in equal shares; OnDemand: as needed." },
    IDLE_FIELD(slb_outbound_rule, 120),
    RESET_FIELD(slb_outbound_rule),
};
const struct slb_class slb_outbound_rule_class = {
    .name = "OutboundRule", .noun = "outbound rule", .nouns = "outbound rules",
    .size = sizeof(struct slb_outbound_rule),
    CLASS_FIELDS(outbound_rule_fields),
    .help = "Members of a backend pool connect to the outside from addresses "
            "of frontends.",
};

static const char *const skus[] = {
    [SLB_SKU_BASIC] = "Basic", [SLB_SKU_STANDARD] = "Standard", NULL
};
static const char *const tiers[] = {
    [SLB_TIER_REGIONAL] = "Regional", [SLB_TIER_GLOBAL] = "Global", NULL
};
static const struct slb_field load_balancer_fields[] = {
    NAME_FIELD("The load balancer's name, unique among load balancers."),
    { .name = "sku", .type = SLB_T_ENUM, FIELD(slb_load_balancer, sku),
      .def = SLB_SKU_STANDARD, .values = skus,
      .help = "Which set of features the load balancer has." },
    { .name = "tier", .type = SLB_T_ENUM, FIELD(slb_load_balancer, tier),
      .def = SLB_TIER_REGIONAL, .values = tiers,
      .help = "Whether it serves in one region or in front of several." },
    { .name = "network", .type = SLB_T_REF,
      FIELD(slb_load_balancer, network), .required = true,
      .class = &slb_network_class,
      .help = "The virtual network of the pools' members." },
    { .name = "frontends", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, frontends), .required = true,
      .class = &slb_frontend_class,
      .help = "The addresses at which it serves." },
    { .name = "backendPools", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, backend_pools), .class = &slb_pool_class,
      .help = "Groups of virtual machines that serve the same." },
    { .name = "probes", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, probes), .class = &slb_probe_class,
      .help = "How members are asked whether they are healthy." },
    { .name = "rules", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, rules), .class = &slb_rule_class,
      .help = "Which port of which frontend goes to which pool." },
    { .name = "inboundNatRules", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, nat_rules), .class = &slb_nat_rule_class,
      .help = "Which port of which frontend goes to which machine." },
    { .name = "inboundNatPools", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, nat_pools), .class = &slb_nat_pool_class,
      .help = "Which ports of which frontend go to a pool's machines, one to "
              "each." },
    { .name = "outboundRules", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, outbound_rules),
      .class = &slb_outbound_rule_class,
      .help = "From which frontends a pool's machines connect to the "
              "outside." },
};
const struct slb_class slb_load_balancer_class = {
    .name = "LoadBalancer", .noun = "load balancer", .nouns = "load balancers",
    .size = sizeof(struct slb_load_balancer),
    CLASS_FIELDS(load_balancer_fields),
    .help = "Shares connections to its frontends among virtual machines.",
};

const struct slb_class *const slb_kinds[] = {
    &slb_network_class,
    &slb_public_prefix_class,
    &slb_load_balancer_class,
    NULL
};

const struct slb_class *const slb_input_kinds[] = {
    &slb_azure_ids_class,
    NULL
};

/* Returns the kind called 'name', exactly, or NULL. */
const struct slb_class *
slb_kind_from_name(const char *name)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        if (!strcmp(slb_kinds[i]->name, name)) {
            return slb_kinds[i];
        }
    }
    return NULL;
}

/* "a" or "an", whichever the noun of 'class' has. */
const char *
slb_class_article(const struct slb_class *class)
{
    return strchr("aeiou", class->noun[0]) ? "an" : "a";
}

const struct slb_field *
slb_class_field(const struct slb_class *class, const char *name)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        if (!strcmp(class->fields[i].name, name)) {
            return &class->fields[i];
        }
    }
    return NULL;
}

static bool
is_name_character(char c)
{
    return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
}

bool
slb_name_is_valid(const char *name)
{
    size_t n = 0;

    while (n <= SLB_NAME_MAX && is_name_character(name[n])) {
        n++;
    }

    /* A leading '-' would be an option to slb-ctl, and "." and ".." are no
     * good in paths. */
    return n >= 1 && n <= SLB_NAME_MAX && !name[n]
           && name[0] != '-' && name[0] != '.';
}

/* Appends what values 'field' takes to 'ds': "an integer from 1 to 65535". */
void
slb_field_format_expected(const struct slb_field *field, struct ds *ds)
{
    switch (field->type) {
    case SLB_T_NAME:
        ds_put_format(ds, "1 to %d letters, digits, '-', '_' or '.', not "
                      "beginning with '-' or '.'", SLB_NAME_MAX);
        break;
    case SLB_T_REF:
        ds_put_format(ds, "the name of %s %s",
                      slb_class_article(field->class), field->class->noun);
        break;
    case SLB_T_ENUM:
        for (size_t i = 0; field->values[i]; i++) {
            ds_put_format(ds, "%s%s",
                          !i ? "" : field->values[i + 1] ? ", " : " or ",
                          field->values[i]);
        }
        break;
    case SLB_T_TEXT:
        ds_put_format(ds, "1 to %d printable characters without blanks",
                      field->max);
        break;
    case SLB_T_INTEGER:
        if (field->multiple) {
            ds_put_format(ds, "a multiple of %d from %d to %d",
                          field->multiple, field->min, field->max);
        } else {
            ds_put_format(ds, "an integer from %d to %d", field->min,
                          field->max);
        }
        for (const struct slb_word *w = field->words; w && w->name; w++) {
            ds_put_format(ds, "%s%s", w[1].name ? ", " : " or ", w->name);
        }
        break;
    case SLB_T_BOOLEAN:
        ds_put_cstr(ds, "true or false");
        break;
    case SLB_T_ADDRESS:
        ds_put_cstr(ds, "an IPv4 or IPv6 address");
        break;
    case SLB_T_PREFIX:
        ds_put_cstr(ds, "an IPv4 or IPv6 prefix like 10.0.1.0/24");
        break;
    case SLB_T_REFS:
        ds_put_format(ds, "a list of names of %s",
                      field->class->nouns);
        break;
    case SLB_T_NAMES:
        ds_put_cstr(ds, "a list of names");
        break;
    case SLB_T_PREFIXES:
        ds_put_cstr(ds, "a list of IPv4 or IPv6 prefixes");
        break;
    case SLB_T_LIST:
        ds_put_format(ds, "a list of %s", field->class->nouns);
        break;
    default:
        OVS_NOT_REACHED();
    }
}

/* Decimal digits only: what YAML 1.1 makes of 010, 0x1f, 1_000 or 1:30 is
 * nothing that a user would expect of a port. */
static bool
parse_integer(const char *text, int *value)
{
    const char *digits = text + (*text == '-');
    size_t n = strspn(digits, "0123456789");

    if (!n || n > 9 || digits[n] || (digits[0] == '0' && n > 1)) {
        return false;
    }
    *value = atoi(text);
    return true;
}

static char *
parse_error(const struct slb_field *field, const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "is ");
    slb_text_quote(text, &ds);
    ds_put_cstr(&ds, ", expected ");
    slb_field_format_expected(field, &ds);
    return ds_steal_cstr(&ds);
}

static char *
parse_prefix(const struct slb_field *field, const char *text,
             struct slb_prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!slb_prefix_parse(text, prefix)) {
        return parse_error(field, text);
    }
    if (!slb_prefix_has_host_bits(prefix)) {
        return NULL;
    }

    /* The prefix that was meant, so that addresses can be checked. */
    slb_prefix_clear_host_bits(prefix);
    ds_put_cstr(&ds, "is ");
    slb_text_quote(text, &ds);
    ds_put_cstr(&ds, ", which has bits set after the prefix, expected ");
    slb_prefix_format(prefix, &ds);
    return ds_steal_cstr(&ds);
}

/* Whether 'text' is made of printable ASCII characters without blanks. */
static bool
is_printable(const char *text)
{
    for (; *text; text++) {
        if (*text < '!' || *text > '~') {
            return false;
        }
    }
    return true;
}

static bool
parse_word(const struct slb_word *words, const char *text, int *value)
{
    for (; words && words->name; words++) {
        if (!strcmp(text, words->name)) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

/* Parses 'text' as a value of 'field', whose type is neither SLB_T_LIST nor
 * one of slb_field_is_strings(), into 'value', which was initialized with
 * slb_value_init().  Returns NULL if successful, otherwise a malloc'ed text
 * that goes on after the name of the field, "is 'x', expected ...". */
char *
slb_value_parse(const struct slb_field *field, const char *text, void *value)
{
    int *intp = value;
    bool *boolp = value;
    char **textp = value;
    int n;

    switch (field->type) {
    /* A wrong text is not kept: messages have names in them, and what is in it
     * might do things to the reader's terminal. */
    case SLB_T_NAME:
    case SLB_T_REF:
        if (!slb_name_is_valid(text)) {
            return parse_error(field, text);
        }
        free(*textp);
        *textp = xstrdup(text);
        return NULL;

    case SLB_T_TEXT:
        if (!text[0] || strlen(text) > field->max || !is_printable(text)) {
            return parse_error(field, text);
        }
        free(*textp);
        *textp = xstrdup(text);
        return NULL;

    case SLB_T_ENUM:
        for (int i = 0; field->values[i]; i++) {
            if (!strcmp(text, field->values[i])) {
                *intp = i;
                return NULL;
            }
        }
        return parse_error(field, text);

    case SLB_T_INTEGER:
        if (!parse_word(field->words, text, intp)) {
            if (!parse_integer(text, &n) || n < field->min || n > field->max
                || (field->multiple && n % field->multiple)) {
                return parse_error(field, text);
            }
            *intp = n;
        }
        return NULL;

    case SLB_T_BOOLEAN:
        if (strcmp(text, "true") && strcmp(text, "false")) {
            return parse_error(field, text);
        }
        *boolp = text[0] == 't';
        return NULL;

    case SLB_T_ADDRESS:
        /* The unspecified address would be no address at all. */
        if (!slb_address_parse(text, value) || ipv6_is_zero(value)) {
            memset(value, 0, sizeof(struct in6_addr));
            return parse_error(field, text);
        }
        return NULL;

    case SLB_T_PREFIX:
        return parse_prefix(field, text, value);

    case SLB_T_REFS:
    case SLB_T_NAMES:
    case SLB_T_PREFIXES:
    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Whether the value of 'field' is a "struct slb_strings". */
bool
slb_field_is_strings(const struct slb_field *field)
{
    return (field->type == SLB_T_REFS || field->type == SLB_T_NAMES
            || field->type == SLB_T_PREFIXES);
}

/* Checks 'text' as an entry of 'field', for which slb_field_is_strings(), and
 * makes it canonical.  Returns NULL and stores what is to be added in
 * '*entryp', for the caller to free, if it is one; otherwise a malloc'ed text
 * that goes on after "an entry of 'sourceRanges'". */
char *
slb_entry_parse(const struct slb_field *field, const char *text,
                char **entryp)
{
    static const struct slb_field prefix = { .type = SLB_T_PREFIX };
    const struct slb_field entry = {
        .type = field->type == SLB_T_REFS ? SLB_T_REF : SLB_T_NAME,
        .class = field->class,
    };

    *entryp = NULL;
    if (field->type == SLB_T_PREFIXES) {
        struct slb_prefix value;
        char *error = slb_value_parse(&prefix, text, &value);

        if (!error) {
            struct ds ds = DS_EMPTY_INITIALIZER;
            slb_prefix_format(&value, &ds);
            *entryp = ds_steal_cstr(&ds);
        }
        return error;
    }
    if (!slb_name_is_valid(text)) {
        return parse_error(&entry, text);
    }
    *entryp = xstrdup(text);
    return NULL;
}

/* Appends the canonical text of a 'value' of 'field', whose type is not
 * SLB_T_LIST, to 'ds'; entries are separated by commas. */
void
slb_value_format(const struct slb_field *field, const void *value,
                 struct ds *ds)
{
    const struct slb_strings *strings = value;
    const struct slb_word *word = field->words;
    const bool *boolp = value;
    const int *intp = value;
    char *const *textp = value;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
    case SLB_T_TEXT:
        ds_put_cstr(ds, *textp ? *textp : "");
        break;
    case SLB_T_ENUM:
        ds_put_cstr(ds, *intp < 0 ? "" : field->values[*intp]);
        break;
    case SLB_T_INTEGER:
        while (word && word->name && word->value != *intp) {
            word++;
        }
        if (word && word->name) {
            ds_put_cstr(ds, word->name);
        } else {
            ds_put_format(ds, "%d", *intp);
        }
        break;
    case SLB_T_BOOLEAN:
        ds_put_cstr(ds, *boolp ? "true" : "false");
        break;
    case SLB_T_ADDRESS:
        if (slb_value_is_set(field, value)) {
            slb_address_format(value, ds);
        }
        break;
    case SLB_T_PREFIX:
        slb_prefix_format(value, ds);
        break;
    case SLB_T_REFS:
    case SLB_T_NAMES:
    case SLB_T_PREFIXES:
        for (size_t i = 0; i < strings->n; i++) {
            ds_put_format(ds, "%s%s", i ? ", " : "", strings->at[i]);
        }
        break;
    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Whether the values 'a' and 'b' of 'field', whose type is not SLB_T_LIST, are
 * the same. */
bool
slb_value_equals(const struct slb_field *field, const void *a, const void *b)
{
    char *const *texta = a, *const *textb = b;
    const bool *boola = a, *boolb = b;
    const int *inta = a, *intb = b;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
    case SLB_T_TEXT:
        return nullable_string_is_equal(*texta, *textb);
    case SLB_T_ENUM:
    case SLB_T_INTEGER:
        return *inta == *intb;
    case SLB_T_BOOLEAN:
        return *boola == *boolb;
    case SLB_T_ADDRESS:
        return ipv6_addr_equals(a, b);
    case SLB_T_PREFIX:
        return slb_prefix_equals(a, b);
    case SLB_T_REFS:
    case SLB_T_NAMES:
    case SLB_T_PREFIXES:
        return slb_strings_equal(a, b);
    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Whether there is a 'value' of 'field' at all: it was given or has a default
 * (the empty list is one). */
bool
slb_value_is_set(const struct slb_field *field, const void *value)
{
    char *const *textp = value;
    const int *intp = value;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
    case SLB_T_TEXT:
        return *textp != NULL;
    case SLB_T_ENUM:
        return *intp >= 0;
    case SLB_T_ADDRESS:
        return !ipv6_is_zero(value);
    case SLB_T_INTEGER:
    case SLB_T_BOOLEAN:
    case SLB_T_PREFIX:
    case SLB_T_REFS:
    case SLB_T_NAMES:
    case SLB_T_PREFIXES:
    case SLB_T_LIST:
        return true;
    default:
        OVS_NOT_REACHED();
    }
}

/* Sets 'value', all of whose bytes are zero, to the default of 'field', if
 * that does not depend on others. */
void
slb_value_init(const struct slb_field *field, void *value)
{
    if (field->type == SLB_T_ENUM || field->type == SLB_T_INTEGER) {
        int *intp = value;
        *intp = field->def;
    } else if (field->type == SLB_T_BOOLEAN) {
        bool *boolp = value;
        *boolp = field->def;
    }
}

/* Whether the value of 'field' of 'object' need not be written down: it is
 * what a text that leaves the field out gets. */
bool
slb_field_is_default(const struct slb_field *field,
                     const struct slb_object *object)
{
    const struct slb_class *class = object->class;
    const void *value = slb_field_value(field, object);
    union {
        int integer;
        bool boolean;
        char *text;
        struct in6_addr address;
        struct slb_prefix prefix;
        struct slb_strings strings;
    } def;

    if (field->required) {
        return false;
    }
    if (field->type == SLB_T_LIST) {
        const struct slb_list *list = value;
        return !list->n;
    }
    if (field->type == SLB_T_NAME) {
        /* Its name was made of another field. */
        const struct slb_field *from = slb_class_field(class,
                                                       class->name_from);
        struct ds text = DS_EMPTY_INITIALIZER;
        bool made;

        slb_value_format(from, slb_field_value(from, object), &text);
        made = !object->name || !strcmp(object->name, ds_cstr(&text));
        ds_destroy(&text);
        return made;
    }

    memset(&def, 0, sizeof def);
    slb_value_init(field, &def);
    if (field->computed) {
        field->computed(object, &def);
    }
    return slb_value_equals(field, value, &def);
}

/* Gives the fields of 'object', and of all objects below, that have no value
 * the default that follows from other fields; an object without name gets
 * one.  This, with slb_value_init(), is the only place where defaults are
 * filled in. */
void
slb_object_fill_defaults(struct slb_object *object)
{
    const struct slb_class *class = object->class;

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        void *value = slb_field_value(field, object);

        if (field->type == SLB_T_LIST) {
            const struct slb_list *list = value;
            for (size_t j = 0; j < list->n; j++) {
                slb_object_fill_defaults(list->at[j]);
            }
        } else if (field->computed && !slb_value_is_set(field, value)) {
            field->computed(object, value);
        }
    }
    if (class->name_from && !object->name) {
        const struct slb_field *from = slb_class_field(class,
                                                       class->name_from);
        const void *value = slb_field_value(from, object);

        if (slb_value_is_set(from, value)) {
            struct ds text = DS_EMPTY_INITIALIZER;
            slb_value_format(from, value, &text);
            object->name = ds_steal_cstr(&text);
        }
    }
}

void
slb_value_destroy(const struct slb_field *field, void *value)
{
    if (field->type == SLB_T_NAME || field->type == SLB_T_REF
        || field->type == SLB_T_TEXT) {
        char **textp = value;
        free(*textp);
    } else if (slb_field_is_strings(field)) {
        slb_strings_destroy(value);
    } else if (field->type == SLB_T_LIST) {
        struct slb_list *list = value;
        for (size_t i = 0; i < list->n; i++) {
            slb_object_destroy(list->at[i]);
        }
        free(list->at);
    }
}
