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

#include "ovs-ext/netdev-slbmux.h"

#include <errno.h>

#include "dp-packet.h"
#include "dpif.h"
#include "netdev-provider.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-report.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-node.h"
#include "ovs-ext/mux-server.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-ext/mux-unixctl.h"
#include "ovs-rcu.h"
#include "ovs-thread.h"
#include "packets.h"
#include "random.h"
#include "seq.h"
#include "smap.h"
#include "sset.h"
#include "timeval.h"
#include "userspace-tso.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(netdev_slbmux);

/* Time between attempts to take an underlay that is not ready. */
#define UNDERLAY_RETRY_MS 100

/* Limits of options:underlay-mtu. */
#define MIN_UNDERLAY_MTU 576
#define MAX_UNDERLAY_MTU UINT16_MAX

/* The MTU that IPv6 needs, and the least that it needs of an underlay. */
#define IPV6_MIN_MTU 1280
#define IPV6_UNDERLAY_MTU (IPV6_MIN_MTU + MUX_PUSH_LEN - ETH_HEADER_LEN)

/* The port that packets are sent on, while it is there. */
struct underlay {
    struct netdev *netdev;      /* A reference of ours. */
    uint32_t mtu;
    uint64_t reconfigure_seq;   /* Of 'netdev', when it was taken. */
    uint64_t change_seq;        /* Likewise. */
};

struct netdev_slbmux {
    struct netdev up;

    /* Used by senders. */
    OVSRCU_TYPE(struct underlay *) underlay;
    struct mux_thread **threads; /* By tx queue. */
    struct mux_fragments *fragments;

    struct ovs_list list_node OVS_GUARDED_BY(slbmux_mutex);
    int n_threads OVS_GUARDED_BY(slbmux_mutex);
    struct mux_fair_judge *judge OVS_GUARDED_BY(slbmux_mutex);

    /* Drops of senders whose queue is not theirs alone. */
    atomic_uint64_t n_tx_steering;

    /* Packets for no VIP.  The port receives them: they go back to OpenFlow,
     * from here, in the main thread. */
    struct mux_node *node;
    struct seq *node_seq;

    /* The rest is the main thread's. */
    struct mux_thread *main_thread; /* Only counts. */
    char *underlay_name;
    uint32_t way_mtu;           /* options:underlay-mtu. */
    int requested_n_txq;
    enum netdev_flags flags;
    struct eth_addr mac;
    long long int retry_at;     /* When to look for the underlay again. */
};

/* Protects the list of ports and the members that say so. */
static struct ovs_mutex slbmux_mutex = OVS_MUTEX_INITIALIZER;
static struct ovs_list slbmux_list OVS_GUARDED_BY(slbmux_mutex)
    = OVS_LIST_INITIALIZER(&slbmux_list);

/* Changes when a thread has a backlog or the judges' options have changed. */
static struct seq *judge_seq;

static const struct netdev_class slbmux_class;

static struct netdev_slbmux *
netdev_slbmux_cast(const struct netdev *netdev)
{
    ovs_assert(netdev_get_class(netdev) == &slbmux_class);
    return CONTAINER_OF(netdev, struct netdev_slbmux, up);
}

/* Underlay. */

static struct underlay *
get_underlay(const struct netdev_slbmux *dev)
{
    return ovsrcu_get(struct underlay *, &dev->underlay);
}

static void
underlay_close(struct underlay *underlay)
{
    netdev_close(underlay->netdev);
    free(underlay);
}

/* Gives the underlay up at once.  Either no thread is sending on 'dev', or
 * the datapath still has the underlay. */
static void
release_underlay(struct netdev_slbmux *dev)
{
    struct underlay *underlay = get_underlay(dev);

    if (underlay) {
        VLOG_INFO("%s: stops using underlay %s", netdev_get_name(&dev->up),
                  netdev_get_name(underlay->netdev));
        /* A judge may be asking it for its statistics. */
        ovs_mutex_lock(&slbmux_mutex);
        ovsrcu_set(&dev->underlay, NULL);
        ovs_mutex_unlock(&slbmux_mutex);
        netdev_close(underlay->netdev);
        ovsrcu_postpone(free, underlay);
        netdev_change_seq_changed(&dev->up);
    }
}

/* Is 'underlay' still the port that 'dev' is to use, as it was when it was
 * taken? */
static bool
underlay_is_valid(const struct netdev_slbmux *dev,
                  const struct underlay *underlay)
{
    struct netdev *named = netdev_from_name(dev->underlay_name);
    bool valid = (named == underlay->netdev
                  && !netdev_is_reconf_required(named)
                  && named->last_reconfigure_seq == underlay->reconfigure_seq);

    netdev_close(named);
    return valid;
}

/* Does one datapath have both 'a' and 'b' as its ports? */
static bool
share_datapath(const struct netdev *a, const struct netdev *b)
{
    const char *type = netdev_get_dpif_type(a);
    bool shared = false;
    const char *name;
    struct sset names;

    if (!type || !nullable_string_is_equal(type, netdev_get_dpif_type(b))) {
        return false;
    }

    sset_init(&names);
    dp_enumerate_names(type, &names);
    SSET_FOR_EACH (name, &names) {
        struct dpif *dpif;

        if (!dpif_open(name, type, &dpif)) {
            shared = (shared
                      || (dpif_port_exists(dpif, netdev_get_name(a))
                          && dpif_port_exists(dpif, netdev_get_name(b))));
            dpif_close(dpif);
        }
    }
    sset_destroy(&names);
    return shared;
}

/* Returns the MTU of the way to hosts that 'netdev', the underlay of 'dev',
 * is the first link of. */
static uint32_t
underlay_mtu(const struct netdev_slbmux *dev, const struct netdev *netdev)
{
    int mtu;

    return MIN(netdev_get_mtu(netdev, &mtu) ? ETH_PAYLOAD_MAX : mtu,
               dev->way_mtu);
}

static void
check_mtu(const struct netdev_slbmux *dev, uint32_t mtu)
{
    if (mtu < IPV6_UNDERLAY_MTU) {
        VLOG_WARN("%s: MTU %"PRIu32" of the underlay is below %d: IPv6 "
                  "packets of %d octets, which are always sent, do not fit "
                  "into the tunnel", netdev_get_name(&dev->up), mtu,
                  IPV6_UNDERLAY_MTU, IPV6_MIN_MTU);
    }
}

/* Takes the underlay if it is there. */
static void
take_underlay(struct netdev_slbmux *dev)
{
    struct netdev *netdev = netdev_from_name(dev->underlay_name);

    if (!netdev) {
        return;
    }
    if (netdev_get_class(netdev) == &slbmux_class || !netdev_n_txq(netdev)
        || netdev_is_reconf_required(netdev)
        || !share_datapath(&dev->up, netdev)) {
        netdev_close(netdev);
        return;
    }

    struct underlay *underlay = xmalloc(sizeof *underlay);
    underlay->netdev = netdev;
    underlay->reconfigure_seq = netdev->last_reconfigure_seq;
    underlay->change_seq = netdev_get_change_seq(netdev);
    underlay->mtu = underlay_mtu(dev, netdev);
    ovsrcu_set(&dev->underlay, underlay);
    VLOG_INFO("%s: uses underlay %s, MTU %"PRIu32,
              netdev_get_name(&dev->up), netdev_get_name(netdev),
              underlay->mtu);
    check_mtu(dev, underlay->mtu);
    netdev_change_seq_changed(&dev->up);
}

/* Finds out about the MTU of an underlay again. */
static void
refresh_mtu(struct netdev_slbmux *dev, struct underlay *underlay)
{
    struct underlay *new = xmemdup(underlay, sizeof *underlay);

    new->change_seq = netdev_get_change_seq(underlay->netdev);
    new->mtu = underlay_mtu(dev, new->netdev);
    ovsrcu_set(&dev->underlay, new);
    if (new->mtu != underlay->mtu) {
        VLOG_INFO("%s: MTU %"PRIu32, netdev_get_name(&dev->up), new->mtu);
        check_mtu(dev, new->mtu);
        netdev_change_seq_changed(&dev->up);
    }
    ovsrcu_postpone(free, underlay);
}

/* Notices a change of the MTU of an underlay that needs no reconfiguration for
 * it. */
static void
refresh_underlay(struct netdev_slbmux *dev, struct underlay *underlay)
{
    if (netdev_get_change_seq(underlay->netdev) != underlay->change_seq) {
        refresh_mtu(dev, underlay);
    }
}

static void
run_underlay(struct netdev_slbmux *dev)
{
    struct underlay *underlay = get_underlay(dev);

    if (underlay) {
        if (underlay_is_valid(dev, underlay)) {
            refresh_underlay(dev, underlay);
        } else if (!netdev_is_reconf_required(underlay->netdev)) {
            /* It left the datapath by another way than a reconfiguration that
             * we took part in, so senders may be using it. */
            ovsrcu_set(&dev->underlay, NULL);
            ovsrcu_postpone(underlay_close, underlay);
            netdev_change_seq_changed(&dev->up);
        }
    } else if (dev->underlay_name && time_msec() >= dev->retry_at) {
        take_underlay(dev);
        dev->retry_at = time_msec() + UNDERLAY_RETRY_MS;
    }
}

static void
netdev_slbmux_run(const struct netdev_class *class OVS_UNUSED)
{
    struct netdev_slbmux *dev;
    struct shash devices = SHASH_INITIALIZER(&devices);
    struct shash_node *node;

    netdev_get_devices(&slbmux_class, &devices);
    SHASH_FOR_EACH (node, &devices) {
        dev = netdev_slbmux_cast(node->data);
        run_underlay(dev);
        mux_fragments_run(dev->main_thread, mux_server_get_table(),
                          time_msec());
        netdev_close(&dev->up);
    }
    shash_destroy(&devices);
}

static void
netdev_slbmux_wait(const struct netdev_class *class OVS_UNUSED)
{
    struct netdev_slbmux *dev;

    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        if (!get_underlay(dev) && dev->underlay_name) {
            poll_timer_wait_until(dev->retry_at);
        }
        mux_fragments_wait(dev->fragments);
    }
    ovs_mutex_unlock(&slbmux_mutex);
}

/* Fairness. */

/* Returns how many packets 'underlay', which may be null, has lost before
 * anybody received them, UINT64_MAX if that is not known. */
static uint64_t
count_lost(const struct underlay *underlay)
{
    struct netdev_stats stats;

    if (!underlay || netdev_get_stats(underlay->netdev, &stats)) {
        return UINT64_MAX;
    }
    /* Others that are dropped may be so on purpose, by a policer. */
    return (stats.rx_missed_errors != UINT64_MAX
            ? stats.rx_missed_errors : stats.rx_dropped);
}

static void *
judge_main(void *arg OVS_UNUSED)
{
    for (;;) {
        uint64_t seqno = seq_read(judge_seq);
        struct netdev_slbmux *dev;
        int wait = INT_MAX;

        ovs_mutex_lock(&slbmux_mutex);
        LIST_FOR_EACH (dev, list_node, &slbmux_list) {
            int ms = mux_fair_judge_run(dev->judge, netdev_get_name(&dev->up),
                                        dev->threads, dev->n_threads,
                                        mux_server_get_table(), time_msec(),
                                        mux_fair_nsec(),
                                        count_lost(get_underlay(dev)));

            wait = ms ? MIN(wait, ms) : wait;
        }
        ovs_mutex_unlock(&slbmux_mutex);

        if (wait < INT_MAX) {
            poll_timer_wait(wait);
        } else {
            seq_wait(judge_seq, seqno);
        }
        poll_block();
    }
    return NULL;
}

static void
start_judges(void)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;

    if (ovsthread_once_start(&once)) {
        judge_seq = seq_create();
        ovs_thread_create("slb_fair", judge_main, NULL);
        ovsthread_once_done(&once);
    }
}

/* Returns an array with an object for each port. */
struct json *
netdev_slbmux_fairness_to_json(void)
{
    struct json *array = json_array_create_empty();
    struct netdev_slbmux *dev;

    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        json_array_add(array, mux_fair_report_to_json(
                           dev->judge, netdev_get_name(&dev->up)));
    }
    ovs_mutex_unlock(&slbmux_mutex);
    return array;
}

/* Likewise, as text. */
void
netdev_slbmux_format_fairness(struct ds *ds)
{
    struct netdev_slbmux *dev;

    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        mux_fair_report_format(dev->judge, netdev_get_name(&dev->up), ds);
    }
    ovs_mutex_unlock(&slbmux_mutex);
}

/* Writes what the VIP with 'counter' loses because of a shortage, if it
 * does. */
void
netdev_slbmux_format_vip_fairness(uint32_t counter, struct ds *ds)
{
    struct netdev_slbmux *dev;

    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        mux_fair_report_format_vip(dev->judge, netdev_get_name(&dev->up),
                                   counter, ds);
    }
    ovs_mutex_unlock(&slbmux_mutex);
}

/* Life cycle. */

static struct netdev *
netdev_slbmux_alloc(void)
{
    struct netdev_slbmux *dev = xzalloc(sizeof *dev);

    return &dev->up;
}

static void
grow_threads(struct netdev_slbmux *dev, int n)
    OVS_REQUIRES(slbmux_mutex)
{
    if (n > dev->n_threads) {
        dev->threads = xrealloc(dev->threads, n * sizeof *dev->threads);
        while (dev->n_threads < n) {
            dev->threads[dev->n_threads++] = mux_thread_create(dev->fragments);
        }
    }
}

static int
netdev_slbmux_construct(struct netdev *netdev)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    uint64_t key[2];

    mux_unixctl_init();
    mux_server_ref();
    start_judges();

    ovsrcu_init(&dev->underlay, NULL);
    dev->fragments = mux_fragments_create();
    dev->main_thread = mux_thread_create(dev->fragments);
    random_bytes(key, sizeof key);
    dev->node = mux_node_create(key);
    dev->node_seq = seq_create();
    atomic_init(&dev->n_tx_steering, 0);
    eth_addr_random(&dev->mac);
    dev->flags = NETDEV_UP;
    dev->requested_n_txq = netdev->n_txq;
    dev->way_mtu = MAX_UNDERLAY_MTU;
    dev->retry_at = LLONG_MIN;

    ovs_mutex_lock(&slbmux_mutex);
    dev->judge = mux_fair_judge_create();
    grow_threads(dev, netdev->n_txq);
    ovs_list_push_back(&slbmux_list, &dev->list_node);
    ovs_mutex_unlock(&slbmux_mutex);
    return 0;
}

static void
netdev_slbmux_destruct(struct netdev *netdev)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    struct underlay *underlay = get_underlay(dev);

    ovs_mutex_lock(&slbmux_mutex);
    ovs_list_remove(&dev->list_node);
    mux_fair_judge_destroy(dev->judge);
    for (int i = 0; i < dev->n_threads; i++) {
        mux_thread_destroy(dev->threads[i]);
    }
    ovs_mutex_unlock(&slbmux_mutex);
    free(dev->threads);
    mux_thread_destroy(dev->main_thread);
    mux_fragments_destroy(dev->fragments);
    free(dev->underlay_name);
    mux_node_destroy(dev->node);
    seq_destroy(dev->node_seq);

    if (underlay) {
        ovsrcu_set(&dev->underlay, NULL);
        ovsrcu_postpone(underlay_close, underlay);
    }
    mux_server_unref();
}

static void
netdev_slbmux_dealloc(struct netdev *netdev)
{
    free(netdev_slbmux_cast(netdev));
}

/* Configuration. */

static int
netdev_slbmux_get_config(const struct netdev *netdev, struct smap *args)
{
    const struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    const struct mux_fair_options *fair;

    if (dev->underlay_name) {
        smap_add(args, "underlay", dev->underlay_name);
    }
    if (dev->way_mtu != MAX_UNDERLAY_MTU) {
        smap_add_format(args, "underlay-mtu", "%"PRIu32, dev->way_mtu);
    }

    ovs_mutex_lock(&slbmux_mutex);
    fair = mux_fair_judge_get_options(dev->judge);
    smap_add(args, "overload", mux_fair_overload_to_string(fair->overload));
    if (fair->max_pps) {
        smap_add_format(args, "max-pps", "%"PRIu64, fair->max_pps);
    }
    ovs_mutex_unlock(&slbmux_mutex);
    return 0;
}

/* Reads the options about fairness.  Returns false if they are wrong. */
static bool
parse_fair_options(const struct smap *args, struct mux_fair_options *fair)
{
    long long int max_pps;

    if (!str_to_llong(smap_get_def(args, "max-pps", "0"), 10, &max_pps)
        || max_pps < 0) {
        return false;
    }
    fair->max_pps = max_pps;
    return mux_fair_overload_from_string(smap_get_def(args, "overload",
                                                      "loss"),
                                         &fair->overload);
}

/* Reads the option about the way to hosts.  Returns false if it is wrong. */
static bool
parse_way_mtu(const struct smap *args, uint32_t *mtup)
{
    const char *text = smap_get(args, "underlay-mtu");
    unsigned int mtu = MAX_UNDERLAY_MTU;

    if (text && (!str_to_uint(text, 10, &mtu) || mtu < MIN_UNDERLAY_MTU
                 || mtu > MAX_UNDERLAY_MTU)) {
        return false;
    }
    *mtup = mtu;
    return true;
}

static int
netdev_slbmux_set_config(struct netdev *netdev, const struct smap *args,
                         char **errp)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    const char *name = smap_get(args, "underlay");
    struct mux_fair_options fair;
    uint32_t way_mtu;

    if (userspace_tso_enabled()) {
        /* Packets may be larger than any MTU and without checksums then. */
        *errp = xasprintf("%s: slbmux does not work with "
                          "other_config:userspace-tso-enable",
                          netdev_get_name(netdev));
        return EOPNOTSUPP;
    }
    if (!name || !name[0]) {
        *errp = xasprintf("%s: options:underlay must name the port to send on",
                          netdev_get_name(netdev));
        return EINVAL;
    }
    if (!strcmp(name, netdev_get_name(netdev))) {
        *errp = xasprintf("%s: options:underlay must be another port",
                          netdev_get_name(netdev));
        return EINVAL;
    }
    if (!parse_fair_options(args, &fair)) {
        *errp = xasprintf("%s: options:max-pps must be a number, "
                          "options:overload \"loss\", \"queue\" or "
                          "\"never\"", netdev_get_name(netdev));
        return EINVAL;
    }

    if (!parse_way_mtu(args, &way_mtu)) {
        *errp = xasprintf("%s: options:underlay-mtu must be a number from %d "
                          "to %d", netdev_get_name(netdev), MIN_UNDERLAY_MTU,
                          MAX_UNDERLAY_MTU);
        return EINVAL;
    }
    if (way_mtu != dev->way_mtu) {
        dev->way_mtu = way_mtu;
        if (get_underlay(dev)) {
            refresh_mtu(dev, get_underlay(dev));
        }
    }

    ovs_mutex_lock(&slbmux_mutex);
    mux_fair_judge_set_options(dev->judge, &fair);
    ovs_mutex_unlock(&slbmux_mutex);
    seq_change(judge_seq);

    if (!nullable_string_is_equal(name, dev->underlay_name)) {
        free(dev->underlay_name);
        dev->underlay_name = xstrdup(name);
        dev->retry_at = LLONG_MIN;
        netdev_request_reconfigure(netdev);
    }
    return 0;
}

static int
netdev_slbmux_set_tx_multiq(struct netdev *netdev, unsigned int n_txq)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);

    dev->requested_n_txq = n_txq;
    netdev_request_reconfigure(netdev);
    return 0;
}

static int
netdev_slbmux_reconfigure(struct netdev *netdev)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    struct underlay *underlay = get_underlay(dev);

    ovs_mutex_lock(&slbmux_mutex);
    grow_threads(dev, dev->requested_n_txq);
    ovs_mutex_unlock(&slbmux_mutex);
    netdev->n_txq = dev->requested_n_txq;

    if (underlay && !underlay_is_valid(dev, underlay)) {
        release_underlay(dev);
        dev->retry_at = LLONG_MIN;
    }
    return 0;
}

static int
netdev_slbmux_update_flags(struct netdev *netdev, enum netdev_flags off,
                           enum netdev_flags on, enum netdev_flags *old_flagsp)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);

    *old_flagsp = dev->flags;
    dev->flags = (dev->flags | on) & ~off;
    if (*old_flagsp & ~dev->flags & NETDEV_PROMISC) {
        release_underlay(dev);
    }
    return 0;
}

static int
netdev_slbmux_set_etheraddr(struct netdev *netdev, const struct eth_addr mac)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);

    if (!eth_addr_equals(dev->mac, mac)) {
        dev->mac = mac;
        netdev_change_seq_changed(netdev);
    }
    return 0;
}

static int
netdev_slbmux_get_etheraddr(const struct netdev *netdev, struct eth_addr *mac)
{
    *mac = netdev_slbmux_cast(netdev)->mac;
    return 0;
}

static int
netdev_slbmux_get_carrier(const struct netdev *netdev, bool *carrier)
{
    *carrier = get_underlay(netdev_slbmux_cast(netdev)) != NULL;
    return 0;
}

static int
netdev_slbmux_get_status(const struct netdev *netdev, struct smap *status)
{
    const struct underlay *underlay
        = get_underlay(netdev_slbmux_cast(netdev));

    smap_add(status, "underlay", underlay ? "ready" : "missing");
    if (underlay) {
        smap_add_format(status, "underlay-mtu", "%"PRIu32, underlay->mtu);
    }
    return 0;
}

/* Statistics. */

static void
add_counters(struct netdev_slbmux *dev, struct mux_counters *total)
    OVS_REQUIRES(slbmux_mutex)
{
    struct mux_fragment_stats stats = { .datagrams = 0 };
    struct mux_node_stats node = { .bytes = 0 };
    uint64_t n;

    for (int i = 0; i < dev->n_threads; i++) {
        mux_thread_read(dev->threads[i], total);
    }

    mux_fragments_get_stats(dev->fragments, time_msec(), &stats);
    total->n[MUX_COUNT_FRAGMENT] += stats.dropped;

    mux_node_read(dev->node, &node);
    total->n[MUX_COUNT_NODE_BYTES] += node.bytes;
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        total->n[MUX_COUNT_NODE] += node.taken[i];
        total->n[MUX_COUNT_NODE_BFD + i] += node.taken[i];
        total->n[MUX_COUNT_NODE_FULL] += node.dropped[i];
        total->n[MUX_COUNT_FULL_BFD + i] += node.dropped[i];
    }
    atomic_read_relaxed(&dev->n_tx_steering, &n);
    total->n[MUX_COUNT_TX_STEERING] += n;
}

/* Stores into '*total' the counters of all ports together. */
void
netdev_slbmux_get_counters(struct mux_counters *total)
{
    struct netdev_slbmux *dev;

    memset(total, 0, sizeof *total);
    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        add_counters(dev, total);
    }
    ovs_mutex_unlock(&slbmux_mutex);
}

/* Stores into '*total' the figures about fragments of all ports together. */
void
netdev_slbmux_get_fragment_stats(struct mux_fragment_stats *total)
{
    struct netdev_slbmux *dev;

    memset(total, 0, sizeof *total);
    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        mux_fragments_get_stats(dev->fragments, time_msec(), total);
    }
    ovs_mutex_unlock(&slbmux_mutex);
}

/* Returns the smallest MTU of an underlay, or that of Ethernet if there is no
 * underlay. */
uint32_t
netdev_slbmux_get_underlay_mtu(void)
{
    struct netdev_slbmux *dev;
    uint32_t mtu = UINT32_MAX;

    ovs_mutex_lock(&slbmux_mutex);
    LIST_FOR_EACH (dev, list_node, &slbmux_list) {
        const struct underlay *underlay = get_underlay(dev);

        if (underlay) {
            mtu = MIN(mtu, underlay->mtu);
        }
    }
    ovs_mutex_unlock(&slbmux_mutex);
    return mtu == UINT32_MAX ? ETH_PAYLOAD_MAX : mtu;
}

static void
port_counters(const struct netdev *netdev, struct mux_counters *counters)
{
    memset(counters, 0, sizeof *counters);
    ovs_mutex_lock(&slbmux_mutex);
    add_counters(netdev_slbmux_cast(netdev), counters);
    ovs_mutex_unlock(&slbmux_mutex);
}

static int
netdev_slbmux_get_stats(const struct netdev *netdev,
                        struct netdev_stats *stats)
{
    struct mux_counters counters;

    port_counters(netdev, &counters);
    stats->rx_packets = counters.n[MUX_COUNT_NODE];
    stats->rx_bytes = counters.n[MUX_COUNT_NODE_BYTES];
    stats->rx_dropped = stats->rx_errors = 0;
    stats->tx_packets = (counters.n[MUX_COUNT_FORWARDED]
                         + counters.n[MUX_COUNT_ECHO]
                         + counters.n[MUX_COUNT_HANDED_ON]
                         + counters.n[MUX_COUNT_NODE]);
    stats->tx_bytes = (counters.n[MUX_COUNT_BYTES]
                       + counters.n[MUX_COUNT_ECHO_BYTES]
                       + counters.n[MUX_COUNT_HANDED_ON_BYTES]
                       + counters.n[MUX_COUNT_NODE_BYTES]);
    stats->tx_errors = 0;
    stats->tx_dropped = 0;
    for (int i = MUX_FIRST_DROP; i < MUX_N_COUNTERS; i++) {
        stats->tx_dropped += counters.n[i];
    }
    return 0;
}

static int
netdev_slbmux_get_custom_stats(const struct netdev *netdev,
                               struct netdev_custom_stats *stats)
{
    struct mux_counters counters;

    port_counters(netdev, &counters);
    stats->size = MUX_N_COUNTERS;
    stats->counters = xcalloc(MUX_N_COUNTERS, sizeof *stats->counters);
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        ovs_strlcpy(stats->counters[i].name, mux_counter_name(i),
                    sizeof stats->counters[i].name);
        stats->counters[i].value = counters.n[i];
    }
    return 0;
}

/* Sending. */

static void
drop_batch(struct dp_packet_batch *batch, uint64_t *counter)
{
    *counter += dp_packet_batch_size(batch);
    dp_packet_delete_batch(batch, true);
}

/* Has the main thread receive 'batch', as far as it keeps up. */
static void
queue_for_node(struct netdev_slbmux *dev, struct dp_packet_batch *batch)
{
    if (mux_node_put(dev->node, batch)) {
        seq_change(dev->node_seq);
    }
}

static int
netdev_slbmux_send(struct netdev *netdev, int qid,
                   struct dp_packet_batch *batch, bool concurrent_txq)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(netdev);
    const struct underlay *underlay = get_underlay(dev);
    struct mux_thread *thread;
    struct mux_counters counters;
    struct dp_packet_batch node;
    int error = 0;

    if (OVS_UNLIKELY(concurrent_txq)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 1);
        uint64_t n = 0, orig;

        VLOG_ERR_RL(&rl, "%s: other_config:tx-steering=hash is not supported, "
                    "all packets are dropped", netdev_get_name(netdev));
        drop_batch(batch, &n);
        atomic_add_relaxed(&dev->n_tx_steering, n, &orig);
        return 0;
    }

    thread = dev->threads[qid];
    do {
        size_t n_sent;

        if (OVS_UNLIKELY(mux_fair_enter(&thread->fair,
                                        dp_packet_batch_size(batch)))) {
            seq_change(judge_seq);
        }
        memset(&counters, 0, sizeof counters);
        dp_packet_batch_init(&node);
        if (OVS_LIKELY(underlay)) {
            mux_forward(mux_server_get_table(), thread, batch, &node,
                        underlay->mtu, time_msec(), &counters);
        } else {
            mux_separate(mux_server_get_table(), batch, &node);
            drop_batch(batch, &counters.n[MUX_COUNT_NO_UNDERLAY]);
            dp_packet_batch_init(batch);
        }
        if (OVS_UNLIKELY(!dp_packet_batch_is_empty(&node))) {
            queue_for_node(dev, &node);
        }
        mux_thread_add(thread, &counters);
        n_sent = dp_packet_batch_size(batch);
        if (n_sent) {
            error = netdev_send(underlay->netdev,
                                qid % netdev_n_txq(underlay->netdev), batch,
                                true);
            dp_packet_batch_init(batch);
        }
        mux_fair_leave(&thread->fair, n_sent);
    } while (OVS_UNLIKELY(thread->released.n)
             && mux_forward_released(thread, batch));
    return error;
}

/* Receiving. */

static struct netdev_rxq *
netdev_slbmux_rxq_alloc(void)
{
    return xzalloc(sizeof(struct netdev_rxq));
}

static int
netdev_slbmux_rxq_construct(struct netdev_rxq *rxq OVS_UNUSED)
{
    return 0;
}

static void
netdev_slbmux_rxq_destruct(struct netdev_rxq *rxq OVS_UNUSED)
{
}

static void
netdev_slbmux_rxq_dealloc(struct netdev_rxq *rxq)
{
    free(rxq);
}

static int
netdev_slbmux_rxq_recv(struct netdev_rxq *rxq, struct dp_packet_batch *batch,
                       int *qfill)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(rxq->netdev);

    size_t n_left;

    dp_packet_batch_init(batch);
    n_left = mux_node_take(dev->node, batch);
    if (qfill) {
        *qfill = n_left;
    }
    return dp_packet_batch_is_empty(batch) ? EAGAIN : 0;
}

static void
netdev_slbmux_rxq_wait(struct netdev_rxq *rxq)
{
    struct netdev_slbmux *dev = netdev_slbmux_cast(rxq->netdev);
    uint64_t seqno = seq_read(dev->node_seq);

    if (mux_node_count(dev->node)) {
        poll_immediate_wake();
    } else {
        seq_wait(dev->node_seq, seqno);
    }
}

static int
netdev_slbmux_rxq_drain(struct netdev_rxq *rxq)
{
    struct dp_packet_batch batch;

    while (!netdev_slbmux_rxq_recv(rxq, &batch, NULL)) {
        dp_packet_delete_batch(&batch, true);
    }
    return 0;
}

static const struct netdev_class slbmux_class = {
    .type = "slbmux",
    .run = netdev_slbmux_run,
    .wait = netdev_slbmux_wait,
    .alloc = netdev_slbmux_alloc,
    .construct = netdev_slbmux_construct,
    .destruct = netdev_slbmux_destruct,
    .dealloc = netdev_slbmux_dealloc,
    .get_config = netdev_slbmux_get_config,
    .set_config = netdev_slbmux_set_config,
    .set_tx_multiq = netdev_slbmux_set_tx_multiq,
    .reconfigure = netdev_slbmux_reconfigure,
    .send = netdev_slbmux_send,
    .set_etheraddr = netdev_slbmux_set_etheraddr,
    .get_etheraddr = netdev_slbmux_get_etheraddr,
    .get_carrier = netdev_slbmux_get_carrier,
    .get_stats = netdev_slbmux_get_stats,
    .get_custom_stats = netdev_slbmux_get_custom_stats,
    .get_status = netdev_slbmux_get_status,
    .update_flags = netdev_slbmux_update_flags,
    .rxq_alloc = netdev_slbmux_rxq_alloc,
    .rxq_construct = netdev_slbmux_rxq_construct,
    .rxq_destruct = netdev_slbmux_rxq_destruct,
    .rxq_dealloc = netdev_slbmux_rxq_dealloc,
    .rxq_recv = netdev_slbmux_rxq_recv,
    .rxq_wait = netdev_slbmux_rxq_wait,
    .rxq_drain = netdev_slbmux_rxq_drain,

    /* No get_mtu(): the bridge would limit its local port to it. */
};

/* Open vSwitch registers its own classes when a netdev is first opened and
 * offers no place for others in vswitchd.  Registering needs nothing that is
 * not there before main(). */
OVS_CONSTRUCTOR(netdev_slbmux_register)
{
    netdev_register_provider(&slbmux_class);
}
