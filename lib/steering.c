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

#include "lib/steering.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static void
put_index(uint8_t p[2], uint16_t index)
{
    p[0] = index >> 8;
    p[1] = index & 0xff;
}

static uint16_t
get_index(const uint8_t p[2])
{
    return p[0] << 8 | p[1];
}

/* Writes 's', which must be valid, as destination and source address of an
 * Ethernet header into 'addrs'. */
void
steering_put(const struct steering *s, uint8_t addrs[STEERING_LEN])
{
    ovs_assert(s->n_owners >= 1 && s->n_owners <= STEERING_MAX_OWNERS);
    ovs_assert(s->hop <= s->n_owners);
    ovs_assert(!(s->flags & ~STEERING_ALL_FLAGS));
    ovs_assert(!(s->flags & (STEERING_FRAGMENT | STEERING_SNAT))
               || s->n_owners == 1);

    addrs[0] = STEERING_OUI;
    addrs[1] = s->hop << 4 | s->flags;
    put_index(&addrs[2], s->owners[0]);
    put_index(&addrs[4], (s->flags & STEERING_FRAGMENT
                          ? s->port : s->owners[1]));
    addrs[6] = STEERING_OUI;
    addrs[7] = s->n_owners;
    put_index(&addrs[8], s->owners[2]);
    put_index(&addrs[10], s->owners[3]);
}

/* Reads the destination and source address of an Ethernet header in 'addrs'
 * into '*s'.  Returns false if they are not a steering header: '*s' is
 * undefined then. */
bool
steering_pull(struct steering *s, const uint8_t addrs[STEERING_LEN])
{
    if (addrs[0] != STEERING_OUI || addrs[6] != STEERING_OUI) {
        return false;
    }

    s->hop = addrs[1] >> 4;
    s->flags = addrs[1] & 0xf;
    s->n_owners = addrs[7];
    s->owners[0] = get_index(&addrs[2]);
    s->port = s->flags & STEERING_FRAGMENT ? get_index(&addrs[4]) : 0;
    s->owners[1] = s->flags & STEERING_FRAGMENT ? 0 : get_index(&addrs[4]);
    s->owners[2] = get_index(&addrs[8]);
    s->owners[3] = get_index(&addrs[10]);

    if (s->n_owners < 1 || s->n_owners > STEERING_MAX_OWNERS
        || s->hop > s->n_owners || s->flags & ~STEERING_ALL_FLAGS
        || (s->flags & (STEERING_FRAGMENT | STEERING_SNAT)
            && s->n_owners > 1)) {
        return false;
    }
    for (int i = 0; i < STEERING_MAX_OWNERS; i++) {
        if ((s->owners[i] != 0) != (i < s->n_owners)) {
            return false;
        }
    }
    return true;
}

/* What a mux puts into the place of a steering header when it hands a packet
 * on to another mux. */
static const uint8_t handed_on[STEERING_LEN] = {
    STEERING_OUI, 1 << 4 | STEERING_SNAT, 0, 0, 0, 0,
    STEERING_OUI, 1, 0, 0, 0, 0,
};

/* Writes that into 'addrs'. */
void
steering_put_handed_on(uint8_t addrs[STEERING_LEN])
{
    memcpy(addrs, handed_on, STEERING_LEN);
}

/* Is that in 'addrs'? */
bool
steering_is_handed_on(const uint8_t addrs[STEERING_LEN])
{
    return !memcmp(addrs, handed_on, STEERING_LEN);
}

/* Writes the header of a packet that measures, or that answers one, into
 * 'addrs'. */
void
steering_put_measure(uint8_t addrs[STEERING_LEN],
                     enum steering_measure measure, uint16_t owner)
{
    memset(addrs, 0, STEERING_LEN);
    addrs[0] = STEERING_OUI;
    addrs[1] = STEERING_MEASURE_HOP << 4;
    put_index(&addrs[2], owner);
    addrs[6] = STEERING_OUI;
    addrs[7] = measure;
}

/* Reads it.  Returns false if 'addrs' has something else. */
bool
steering_pull_measure(const uint8_t addrs[STEERING_LEN],
                      enum steering_measure *measure, uint16_t *owner)
{
    uint8_t expected[STEERING_LEN];

    *measure = addrs[7];
    *owner = get_index(&addrs[2]);
    steering_put_measure(expected, *measure, *owner);
    return (!memcmp(addrs, expected, STEERING_LEN)
            && (*measure == STEERING_MEASURES || *measure == STEERING_REFUSED
                || *measure == STEERING_SERVED));
}

/* Returns true if the owner that is current in 's' has to decide itself about
 * a packet that it does not know, because there is nobody left to ask. */
bool
steering_is_home(const struct steering *s)
{
    return s->n_owners == 1 || s->hop >= s->n_owners;
}

/* Passes 's', which must not be at home, on to the next owner. */
void
steering_rotate(struct steering *s)
{
    ovs_assert(!steering_is_home(s));

    uint16_t first = s->owners[0];
    for (int i = 1; i < s->n_owners; i++) {
        s->owners[i - 1] = s->owners[i];
    }
    s->owners[s->n_owners - 1] = first;
    s->hop++;
}

/* Appends to 'out' a text such as "owner 7, then 3, 12, hop 1, recent". */
void
steering_format(const struct steering *s, struct ds *out)
{
    ds_put_format(out, "owner %"PRIu16, s->owners[0]);
    for (int i = 1; i < s->n_owners; i++) {
        ds_put_format(out, "%s%"PRIu16, i == 1 ? ", then " : ", ",
                      s->owners[i]);
    }
    ds_put_format(out, ", hop %"PRIu8, s->hop);
    if (s->flags & STEERING_RECENT) {
        ds_put_cstr(out, ", recent");
    }
    if (s->flags & STEERING_SETTLED) {
        ds_put_cstr(out, ", settled");
    }
    if (s->flags & STEERING_SNAT) {
        ds_put_cstr(out, ", SNAT return");
    }
    if (s->flags & STEERING_FRAGMENT) {
        ds_put_format(out, ", fragment to port %"PRIu16, s->port);
    }
}
