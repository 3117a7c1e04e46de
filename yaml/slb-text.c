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

#include "yaml/slb-text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* A message shows this much of a text, in bytes. */
#define QUOTE_MAX 60

/* No key, kind or value is longer than this. */
#define WORD_MAX 40

/* If the character at 'p', which is before 'end', is one of UTF-8 that is not
 * seen (spaces other than the usual one, characters without width, changes of
 * the direction), returns the number of its bytes and sets '*c' to it.
 * Otherwise returns 0. */
static size_t
invisible_character(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
    if (*p == 0xc2 && end - p >= 2) {
        *c = p[1];
        return *c == 0xa0 || *c == 0xad ? 2 : 0;
    }
    if ((*p & 0xf0) == 0xe0 && end - p >= 3) {
        *c = (*p & 0xf) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return ((*c >= 0x2000 && *c <= 0x200f)
                || (*c >= 0x2028 && *c <= 0x202f)
                || (*c >= 0x205f && *c <= 0x206f)
                || *c == 0x3000 || *c == 0xfeff) ? 3 : 0;
    }
    return 0;
}

/* Appends 's' in single quotes to 'ds', shortened if it is long.  Control
 * characters, which might do things to the reader's terminal, and what the
 * reader could not see are shown as escapes; other UTF-8 is left alone. */
void
slb_text_quote(const char *s, struct ds *ds)
{
    const uint8_t *p = (const uint8_t *) s;
    const uint8_t *end = p + strnlen(s, QUOTE_MAX);
    bool cut = *end != '\0';

    if (cut) {
        /* Not in the middle of a character. */
        while (end > p && (*end & 0xc0) == 0x80) {
            end--;
        }
    }

    ds_put_char(ds, '\'');
    for (; p < end; p++) {
        uint32_t c;
        size_t n = invisible_character(p, end, &c);

        if (n) {
            ds_put_format(ds, "\\u%04"PRIx32, c);
            p += n - 1;
        } else if (*p < 0x20 || *p == 0x7f) {
            ds_put_format(ds, "\\x%02x", *p);
        } else if (*p == 0xc2 && p + 1 < end && p[1] < 0xa0) {
            ds_put_format(ds, "\\x%02x", *++p);
        } else {
            ds_put_char(ds, *p);
        }
    }
    ds_put_cstr(ds, cut ? "...'" : "'");
}

/* How many letters must be changed, inserted, deleted or exchanged with their
 * neighbour to make 'b' of 'a', both shorter than WORD_MAX, regardless of
 * upper and lower case. */
static int
distance(const char *a, const char *b)
{
    int rows[3][WORD_MAX];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    int n = strlen(b);

    for (int j = 0; j <= n; j++) {
        last[j] = j;
    }
    for (int i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            char ca = tolower((unsigned char) a[i - 1]);
            char cb = tolower((unsigned char) b[j - 1]);

            row[j] = last[j - 1] + (ca != cb);
            row[j] = MIN(row[j], MIN(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1
                && ca == tolower((unsigned char) b[j - 2])
                && cb == tolower((unsigned char) a[i - 2])) {
                row[j] = MIN(row[j], before[j - 2] + 1);
            }
        }
        int *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[n];
}

/* Returns the one of the 'n' 'candidates' that 'word' is most likely a
 * mistyping of, or NULL if it is not similar to any. */
const char *
slb_text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    int best_distance = INT_MAX;
    size_t length = strlen(word);

    if (length >= WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        size_t candidate_length = strlen(candidates[i]);
        if (candidate_length >= WORD_MAX) {
            continue;
        }

        int d = distance(word, candidates[i]);
        if (d <= MIN(length, candidate_length) / 3 && d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
