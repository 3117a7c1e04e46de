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

#ifndef MUX_RANDOM_H
#define MUX_RANDOM_H 1

/* Updates and packets at random, for tests that let the mux have many.
 *
 * All numbers come from whoever asks, so a fuzzer can choose them.  Updates
 * and packets are of a small world: a few VIPs, pools, ports and hosts, so
 * that they mostly have to do with each other.  Most are valid, and some are
 * wrong in every way that there is. */

#include <stddef.h>
#include <stdint.h>

struct dp_packet;
struct mux_op;

struct mux_random {
    uint32_t (*next)(struct mux_random *); /* Another number. */
};

/* Operations there is to be room for. */
#define MUX_RANDOM_MAX_OPS 128

size_t mux_random_first_ops(struct mux_op *ops);
size_t mux_random_ops(struct mux_random *, struct mux_op *ops);
struct dp_packet *mux_random_packet(struct mux_random *);

#endif /* mux-random.h */
