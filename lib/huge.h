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


#ifndef HUGE_H
#define HUGE_H 1

/* Memory in huge pages, for what the fast path reads at random.
 *
 * The tables of a mux with 10,000 VIPs are tens of megabytes, of which each
 * packet touches a handful of places that no other packet near it touches.  In
 * pages of 4 kB the processor cannot remember where all of them are, and to
 * find a page, in a virtual machine above all, costs more than to fetch what
 * is on it.  In pages of 2 MB it remembers.
 *
 * These are "transparent" huge pages: nothing need be configured.  Where the
 * kernel has none to give the memory is as good as any other.
 *
 * It is a buddy system: blocks of 2^n octets from regions of 2 MB, so that
 * objects of all sizes share huge pages.  It suits sizes that are just below a
 * power of two.
 *
 *
 * Thread-safety
 * =============
 *
 * All functions may be called by any thread.  A lock is held for a short time,
 * except when a region is taken from the system or given back. */

#include <stddef.h>

/* The largest object there may be. */
#define HUGE_MAX (1024 * 1024)

void *huge_alloc(size_t);
void *huge_zalloc(size_t);
void huge_free(void *);

size_t huge_mapped(void);

#endif /* lib/huge.h */
