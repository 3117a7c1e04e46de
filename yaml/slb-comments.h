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


#ifndef SLB_COMMENTS_H
#define SLB_COMMENTS_H 1

/* Comments in JSON.
 *
 * Azure's tools write and read templates with comments like this one, or that
 * begin with two slashes, which YAML does not know.  In a text that begins as
 * JSON does, with '{', '[' or such a comment, they become blanks, so that all
 * else stays at its line and column.
 *
 * What is in quotes, or after '#', is left alone; so are slashes that are part
 * of a word, since such a text may be YAML as well. */

#include <stdbool.h>
#include <stddef.h>

enum slb_comments_state {
    SLB_COMMENTS_START,         /* Nothing but blanks so far. */
    SLB_COMMENTS_NONE,          /* The text is not JSON. */
    SLB_COMMENTS_OUTSIDE,       /* Of all that follows. */
    SLB_COMMENTS_QUOTED,        /* "..." */
    SLB_COMMENTS_ESCAPE,        /* In these, after a backslash. */
    SLB_COMMENTS_SINGLE_QUOTED, /* '...' */
    SLB_COMMENTS_HASH,          /* # ... */
    SLB_COMMENTS_LINE,          /* Two slashes... */
    SLB_COMMENTS_BLOCK,         /* A slash and a star... */
    SLB_COMMENTS_STAR,          /* In these, after a star. */
};

struct slb_comments {
    enum slb_comments_state state;
    char last;                  /* The character before, '\0' for none. */
};

size_t slb_comments_blank(struct slb_comments *, char *text, size_t n);

#endif /* yaml/slb-comments.h */
