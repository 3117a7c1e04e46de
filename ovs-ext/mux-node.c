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

#include "ovs-ext/mux-node.h"

#include <string.h>

#include "dp-packet.h"
#include "lib/slb-hash.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-thread.h"
#include "packets.h"
#include "util.h"

/* As many as an uint64_t has bits. */
#define N_BUCKETS 64

#define NO_SLOT UINT16_MAX

#define BFD_PORT 3784
#define BFD_ECHO_PORT 3785
#define BFD_MULTIHOP_PORT 4784
#define BGP_PORT 179

/* Protocols of the link itself: 01:80:c2:00:00:0x (IEEE 802.1Q, 8.6.3). */
#define LINK_MULTICAST UINT64_C(0x0180c2000000)

/* A packet that waits, or none. */
struct slot {
    struct dp_packet *packet;
    uint16_t next;              /* The one behind it, or the next free one. */
};

/* Packets with one hash of their source, oldest first. */
struct bucket {
    uint16_t head, tail;
    uint16_t n;
};

struct queue {
    struct slot *slots;         /* 'limit' of them. */
    uint16_t free;              /* The first free one. */
    unsigned int limit;
    unsigned int share;
    unsigned int n;

    struct bucket buckets[N_BUCKETS];
    uint64_t nonempty;          /* A bit for each bucket that has packets. */
    unsigned int turn;          /* The bucket that is next. */
};

struct mux_node {
    struct ovs_mutex mutex;
    uint64_t key[2];            /* Of hashes, for nobody to know. */
    struct queue queues[MUX_NODE_N_CLASSES] OVS_GUARDED;
    size_t n OVS_GUARDED;       /* In all of them. */
    struct mux_node_stats stats OVS_GUARDED;
};

static void
queue_init(struct queue *q, unsigned int limit, unsigned int share)
{
    q->slots = xmalloc(limit * sizeof *q->slots);
    for (unsigned int i = 0; i < limit; i++) {
        q->slots[i].next = i + 1 < limit ? i + 1 : NO_SLOT;
    }
    q->free = 0;
    q->limit = limit;
    q->share = share;
}

static void
queue_push(struct queue *q, unsigned int i, struct dp_packet *packet)
{
    struct bucket *bucket = &q->buckets[i];
    uint16_t number = q->free;
    struct slot *slot = &q->slots[number];

    q->free = slot->next;
    slot->packet = packet;
    slot->next = NO_SLOT;
    if (bucket->n++) {
        q->slots[bucket->tail].next = number;
    } else {
        bucket->head = number;
        q->nonempty |= UINT64_C(1) << i;
    }
    bucket->tail = number;
    q->n++;
}

/* Takes the oldest packet of bucket 'i', which has some. */
static struct dp_packet *
queue_pop_bucket(struct queue *q, unsigned int i)
{
    struct bucket *bucket = &q->buckets[i];
    uint16_t number = bucket->head;
    struct slot *slot = &q->slots[number];

    bucket->head = slot->next;
    slot->next = q->free;
    q->free = number;
    if (!--bucket->n) {
        q->nonempty &= ~(UINT64_C(1) << i);
    }
    q->n--;
    return slot->packet;
}

/* Takes a packet of the bucket whose turn it is.  'q' must have some. */
static struct dp_packet *
queue_pop(struct queue *q)
{
    uint64_t later = q->nonempty >> q->turn << q->turn;
    unsigned int i = raw_ctz(later ? later : q->nonempty);

    q->turn = (i + 1) % N_BUCKETS;
    return queue_pop_bucket(q, i);
}

/* Makes room in 'q', which is full, for a packet of bucket 'i'.  Returns the
 * packet that it costs, or null if it is to be the new one. */
static struct dp_packet *
queue_make_room(struct queue *q, unsigned int i)
{
    unsigned int longest = i;

    if (q->buckets[i].n * count_1bits(q->nonempty) < q->n) {
        for (unsigned int j = 0; j < N_BUCKETS; j++) {
            if (q->buckets[j].n > q->buckets[longest].n) {
                longest = j;
            }
        }
    }
    return longest != i ? queue_pop_bucket(q, longest) : NULL;
}

/* Returns a new set of queues.  'key' should be random. */
struct mux_node *
mux_node_create(const uint64_t key[2])
{
    static const unsigned int limits[] = {
#define MUX_NODE_CLASS(ENUM, LIMIT, SHARE) LIMIT,
        MUX_NODE_CLASSES
#undef MUX_NODE_CLASS
    };
    static const unsigned int shares[] = {
#define MUX_NODE_CLASS(ENUM, LIMIT, SHARE) SHARE,
        MUX_NODE_CLASSES
#undef MUX_NODE_CLASS
    };
    struct mux_node *node = xzalloc(sizeof *node);

    ovs_mutex_init(&node->mutex);
    memcpy(node->key, key, sizeof node->key);
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        queue_init(&node->queues[i], limits[i], shares[i]);
    }
    return node;
}

/* Destroys 'node', which nobody may use any more, and its packets. */
void
mux_node_destroy(struct mux_node *node)
{
    if (!node) {
        return;
    }

    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        struct queue *q = &node->queues[i];

        while (q->n) {
            dp_packet_delete(queue_pop(q));
        }
        free(q->slots);
    }
    ovs_mutex_destroy(&node->mutex);
    free(node);
}

/* Classifies what is behind the IP header, 'len' octets at 'l4'. */
static enum mux_node_class
classify_l4(const uint8_t *l4, uint32_t len, uint8_t protocol, uint8_t ttl)
{
    if (len < 4) {
        return MUX_NODE_OTHER;
    }
    if (protocol == IPPROTO_UDP) {
        uint16_t port = mux_get_be16(l4 + 2);

        /* An echo comes back from the neighbour, who may or may not have taken
         * a hop off. */
        if ((port == BFD_PORT && ttl == 255)
            || (port == BFD_ECHO_PORT && ttl >= 254)) {
            return MUX_NODE_BFD;
        }
        return port == BFD_MULTIHOP_PORT ? MUX_NODE_MULTIHOP : MUX_NODE_OTHER;
    } else if (protocol == IPPROTO_TCP) {
        return (mux_get_be16(l4) == BGP_PORT
                || mux_get_be16(l4 + 2) == BGP_PORT
                ? MUX_NODE_BGP : MUX_NODE_OTHER);
    } else if (protocol == IPPROTO_ICMPV6) {
        return (ttl == 255 && l4[0] >= ND_ROUTER_SOLICIT
                && l4[0] <= ND_REDIRECT ? MUX_NODE_LINK : MUX_NODE_OTHER);
    }
    return MUX_NODE_OTHER;
}

static enum mux_node_class
classify_ipv4(const uint8_t *l3, uint32_t len, uint64_t source[2])
{
    if (len < IP_HEADER_LEN) {
        return MUX_NODE_OTHER;
    }

    uint32_t ihl = IP_IHL(l3[0]) * 4;
    uint8_t protocol = l3[offsetof(struct ip_header, ip_proto)];

    source[0] = mux_get_be32(l3 + offsetof(struct ip_header, ip_src));
    if (ihl < IP_HEADER_LEN || ihl > len || protocol == IPPROTO_ICMPV6
        || (mux_get_be16(l3 + offsetof(struct ip_header, ip_frag_off))
            & (IP_FRAG_OFF_MASK | IP_MORE_FRAGMENTS))) {
        return MUX_NODE_OTHER;
    }
    return classify_l4(l3 + ihl, len - ihl, protocol,
                       l3[offsetof(struct ip_header, ip_ttl)]);
}

static enum mux_node_class
classify_ipv6(const uint8_t *l3, uint32_t len, uint64_t source[2])
{
    if (len < IPV6_HEADER_LEN) {
        return MUX_NODE_OTHER;
    }

    /* A sender may have a whole /64 to send from, but on the link that is
     * everybody's. */
    source[0] = mux_get_be64(l3 + 8);
    if (source[0] >> 54 == 0xfe80 >> 6) {
        source[1] = mux_get_be64(l3 + 16);
    }
    return classify_l4(l3 + IPV6_HEADER_LEN, len - IPV6_HEADER_LEN, l3[6],
                       l3[7]);
}

/* Returns the class of 'packet', and stores what tells its source from others
 * into 'source'. */
enum mux_node_class
mux_node_classify(const struct dp_packet *packet, uint64_t source[2])
{
    const uint8_t *l2 = dp_packet_data(packet);
    uint32_t len = dp_packet_size(packet);
    uint16_t type;
    uint32_t ofs = mux_parse_ethernet(l2, len, &type);

    source[0] = source[1] = 0;
    if (!ofs) {
        return MUX_NODE_OTHER;
    }

    switch (type) {
    case ETH_TYPE_IP:
        return classify_ipv4(l2 + ofs, len - ofs, source);
    case ETH_TYPE_IPV6:
        return classify_ipv6(l2 + ofs, len - ofs, source);
    default:
        source[0] = mux_get_be64(l2 + ETH_ADDR_LEN) >> 16;
        return (type == ETH_TYPE_ARP
                || (mux_get_be64(l2) >> 16 & ~UINT64_C(0xf)) == LINK_MULTICAST
                ? MUX_NODE_LINK : MUX_NODE_OTHER);
    }
}

/* Puts the packets of 'batch' into the queues, or drops them.  Returns true if
 * these were all empty before. */
bool
mux_node_put(struct mux_node *node, struct dp_packet_batch *batch)
{
    struct dp_packet *dropped[NETDEV_MAX_BURST];
    struct dp_packet *packet;
    size_t n_dropped = 0;

    ovs_mutex_lock(&node->mutex);
    bool was_empty = !node->n;
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        uint64_t source[2];
        enum mux_node_class class = mux_node_classify(packet, source);
        struct queue *q = &node->queues[class];
        unsigned int bucket = slb_hash_fold(source[0] ^ node->key[0],
                                            source[1] ^ node->key[1])
                              % N_BUCKETS;

        if (q->n == q->limit) {
            struct dp_packet *victim = queue_make_room(q, bucket);

            node->stats.dropped[class]++;
            dropped[n_dropped++] = victim ? victim : packet;
            if (!victim) {
                continue;
            }
            node->n--;
        }
        queue_push(q, bucket, packet);
        node->n++;
    }
    ovs_mutex_unlock(&node->mutex);

    for (size_t i = 0; i < n_dropped; i++) {
        dp_packet_delete(dropped[i]);
    }
    return was_empty;
}

static void
take(struct mux_node *node, enum mux_node_class class, unsigned int max,
     struct dp_packet_batch *batch)
    OVS_REQUIRES(node->mutex)
{
    struct queue *q = &node->queues[class];

    for (unsigned int i = 0; i < max && q->n; i++) {
        struct dp_packet *packet = queue_pop(q);

        node->stats.taken[class]++;
        node->stats.bytes += dp_packet_size(packet);
        node->n--;
        dp_packet_batch_add(batch, packet);
    }
}

/* Moves the packets that are next, up to MUX_NODE_BATCH of them, to 'batch',
 * which must be empty.  Returns how many are left. */
size_t
mux_node_take(struct mux_node *node, struct dp_packet_batch *batch)
{
    ovs_mutex_lock(&node->mutex);
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        take(node, i, node->queues[i].share, batch);
    }
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        take(node, i, MUX_NODE_BATCH - dp_packet_batch_size(batch), batch);
    }

    size_t n = node->n;
    ovs_mutex_unlock(&node->mutex);
    return n;
}

/* Returns how many packets wait. */
size_t
mux_node_count(struct mux_node *node)
{
    ovs_mutex_lock(&node->mutex);
    size_t n = node->n;
    ovs_mutex_unlock(&node->mutex);
    return n;
}

/* Adds the figures of 'node' to '*total'. */
void
mux_node_read(struct mux_node *node, struct mux_node_stats *total)
{
    ovs_mutex_lock(&node->mutex);
    total->bytes += node->stats.bytes;
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        total->taken[i] += node->stats.taken[i];
        total->dropped[i] += node->stats.dropped[i];
    }
    ovs_mutex_unlock(&node->mutex);
}
