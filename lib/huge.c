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

#include "lib/huge.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "openvswitch/list.h"
#include "ovs-thread.h"
#include "util.h"

/* AddressSanitizer looks after what malloc() gives. */
#if defined(__SANITIZE_ADDRESS__)
#define HUGE_BY_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HUGE_BY_MALLOC 1
#endif
#endif

#ifdef HUGE_BY_MALLOC

void *
huge_alloc(size_t size)
{
    return xmalloc_cacheline(size);
}

void
huge_free(void *p)
{
    free_cacheline(p);
}

size_t
huge_mapped(void)
{
    return 0;
}

#else  /* !HUGE_BY_MALLOC */

#define REGION_SIZE (2 * HUGE_MAX)
#define UNIT 256                /* The smallest block. */
#define N_UNITS (REGION_SIZE / UNIT)

/* Blocks have an order: 2^order units.  The two that a block is split into are
 * buddies; their numbers, in blocks of their order, differ in the last bit. */
#define MAX_ORDER 12
BUILD_ASSERT_DECL(UNIT << MAX_ORDER == HUGE_MAX);

/* Set besides the order of a block that is free. */
#define FREE 0x80

/* The first blocks of a region, which is aligned by its size. */
struct region {
    size_t n_used;              /* Blocks in use, besides this. */
    uint8_t orders[N_UNITS];    /* Of the blocks that start there. */
};
#define REGION_ORDER 6
BUILD_ASSERT_DECL(sizeof(struct region) <= UNIT << REGION_ORDER);

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;
static bool initialized OVS_GUARDED_BY(mutex);
static size_t n_regions OVS_GUARDED_BY(mutex);
static size_t n_empty OVS_GUARDED_BY(mutex); /* Regions without any in use. */

/* Free blocks by order.  Each has a list node at its start. */
static struct ovs_list lists[MAX_ORDER + 1] OVS_GUARDED_BY(mutex);

static void *
unit_address(const struct region *region, size_t unit)
{
    return (char *) region + unit * UNIT;
}

static void
add_free(struct region *region, size_t unit, int order)
    OVS_REQUIRES(mutex)
{
    region->orders[unit] = FREE | order;
    ovs_list_push_front(&lists[order], unit_address(region, unit));
}

static void
remove_free(struct region *region, size_t unit)
    OVS_REQUIRES(mutex)
{
    region->orders[unit] &= ~FREE;
    ovs_list_remove(unit_address(region, unit));
}

static void
add_region(void)
    OVS_REQUIRES(mutex)
{
    /* Of twice as much, there is a part that is aligned. */
    char *map = mmap(NULL, 2 * REGION_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        out_of_memory();
    }

    size_t before = -(uintptr_t) map % REGION_SIZE;
    struct region *region = ALIGNED_CAST(struct region *, map + before);
    if (before) {
        munmap(map, before);
    }
    munmap(map + before + REGION_SIZE, REGION_SIZE - before);

    /* Only advice: kernels may be without. */
    madvise(region, REGION_SIZE, MADV_HUGEPAGE);

    n_regions++;
    n_empty++;
    region->orders[0] = REGION_ORDER;
    for (int order = REGION_ORDER; order <= MAX_ORDER; order++) {
        add_free(region, (size_t) 1 << order, order);
    }
}

/* Gives back 'region', in which nothing is used: its free blocks are those
 * that add_region() has made. */
static void
remove_region(struct region *region)
    OVS_REQUIRES(mutex)
{
    for (int order = REGION_ORDER; order <= MAX_ORDER; order++) {
        remove_free(region, (size_t) 1 << order);
    }
    n_regions--;
    munmap(region, REGION_SIZE);
}

static struct region *
region_of(const void *p)
{
    return (struct region *) ((uintptr_t) p & ~(uintptr_t) (REGION_SIZE - 1));
}

static size_t
unit_of(const struct region *region, const void *p)
{
    return ((const char *) p - (const char *) region) / UNIT;
}

static struct ovs_list *
find_free(int order)
    OVS_REQUIRES(mutex)
{
    for (; order <= MAX_ORDER; order++) {
        if (!ovs_list_is_empty(&lists[order])) {
            return ovs_list_front(&lists[order]);
        }
    }
    return NULL;
}

/* Returns 'size' octets, at most HUGE_MAX, aligned by a cache line. */
void *
huge_alloc(size_t size)
{
    int order = size > UNIT ? log_2_ceil(DIV_ROUND_UP(size, UNIT)) : 0;

    ovs_assert(size <= HUGE_MAX);

    ovs_mutex_lock(&mutex);
    if (!initialized) {
        for (int i = 0; i <= MAX_ORDER; i++) {
            ovs_list_init(&lists[i]);
        }
        initialized = true;
    }

    struct ovs_list *block = find_free(order);
    if (!block) {
        add_region();
        block = find_free(order);
    }

    struct region *region = region_of(block);
    size_t unit = unit_of(region, block);
    n_empty -= !region->n_used++;
    remove_free(region, unit);
    while (region->orders[unit] > order) {
        int half = --region->orders[unit];

        add_free(region, unit + ((size_t) 1 << half), half);
    }
    ovs_mutex_unlock(&mutex);
    return block;
}

void
huge_free(void *p)
{
    if (!p) {
        return;
    }

    struct region *region = region_of(p);
    size_t unit = unit_of(region, p);

    ovs_mutex_lock(&mutex);
    int order = region->orders[unit];
    for (; order < MAX_ORDER; order++) {
        size_t buddy = unit ^ (size_t) 1 << order;

        if (region->orders[buddy] != (FREE | order)) {
            break;
        }
        remove_free(region, buddy);
        unit = MIN(unit, buddy);
    }
    add_free(region, unit, order);
    if (!--region->n_used) {
        /* One is kept, for who frees and allocates in turn. */
        if (n_empty) {
            remove_region(region);
        } else {
            n_empty++;
        }
    }
    ovs_mutex_unlock(&mutex);
}

/* Returns how many octets are taken from the system. */
size_t
huge_mapped(void)
{
    size_t n;

    ovs_mutex_lock(&mutex);
    n = n_regions;
    ovs_mutex_unlock(&mutex);
    return n * REGION_SIZE;
}

#endif /* !HUGE_BY_MALLOC */

/* Likewise huge_alloc(), but zeroed. */
void *
huge_zalloc(size_t size)
{
    return memset(huge_alloc(size), 0, size);
}
