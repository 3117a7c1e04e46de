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

#include "yaml/slb-comments.h"

#include <string.h>

/* Whether something new may begin after 'c': what follows is not part of a
 * word. */
static bool
is_boundary(char c)
{
    return !c || strchr(" \t\r\n{}[],", c);
}

/* Returns whether 'c' and 'next' begin a comment. */
static bool
begins_comment(char c, char next)
{
    return c == '/' && (next == '/' || next == '*');
}

/* Returns the state behind 'c', which is outside of all quotes and comments,
 * or at the start of the text. */
static enum slb_comments_state
next_outside(const struct slb_comments *comments, char c, char next)
{
    bool boundary = is_boundary(comments->last);

    if (comments->state == SLB_COMMENTS_START) {
        if (strchr(" \t\r\n\xef\xbb\xbf", c)) {
            return SLB_COMMENTS_START;
        } else if (c != '{' && c != '[' && !begins_comment(c, next)) {
            return SLB_COMMENTS_NONE;
        }
        boundary = true;
    }
    if ((boundary || comments->last == '"'
         || (comments->last == ':' && next == '*'))
        && begins_comment(c, next)) {
        return next == '/' ? SLB_COMMENTS_LINE : SLB_COMMENTS_BLOCK;
    } else if (boundary && c == '#') {
        return SLB_COMMENTS_HASH;
    } else if ((boundary || comments->last == ':') && c == '"') {
        return SLB_COMMENTS_QUOTED;
    } else if ((boundary || comments->last == ':') && c == '\'') {
        return SLB_COMMENTS_SINGLE_QUOTED;
    }
    return SLB_COMMENTS_OUTSIDE;
}

/* Blanks the comments in the 'n' bytes of 'text', which follow those of the
 * calls before, 'comments' being all zero before the first one.  Returns how
 * many bytes this was done for: one less than 'n' if the last one might begin
 * a comment.  The next call has to begin with that one, or may be left out if
 * there is nothing more. */
size_t
slb_comments_blank(struct slb_comments *comments, char *text, size_t n)
{
    for (size_t i = 0; i < n && comments->state != SLB_COMMENTS_NONE; i++) {
        enum slb_comments_state state = comments->state;
        char c = text[i];
        bool blank = false;

        switch (state) {
        case SLB_COMMENTS_START:
        case SLB_COMMENTS_OUTSIDE:
            if (c == '/' && i + 1 == n) {
                return i;
            }
            state = next_outside(comments, c, i + 1 < n ? text[i + 1] : '\0');
            if (state == SLB_COMMENTS_LINE || state == SLB_COMMENTS_BLOCK) {
                text[i++] = ' ';
                blank = true;
            }
            break;

        case SLB_COMMENTS_QUOTED:
            state = (c == '"' ? SLB_COMMENTS_OUTSIDE
                     : c == '\\' ? SLB_COMMENTS_ESCAPE : state);
            break;

        case SLB_COMMENTS_ESCAPE:
            state = SLB_COMMENTS_QUOTED;
            break;

        case SLB_COMMENTS_SINGLE_QUOTED:
            state = c == '\'' ? SLB_COMMENTS_OUTSIDE : state;
            break;

        case SLB_COMMENTS_HASH:
            state = c == '\n' ? SLB_COMMENTS_OUTSIDE : state;
            break;

        case SLB_COMMENTS_LINE:
            state = c == '\n' ? SLB_COMMENTS_OUTSIDE : state;
            blank = true;
            break;

        case SLB_COMMENTS_BLOCK:
        case SLB_COMMENTS_STAR:
            state = (c == '*' ? SLB_COMMENTS_STAR
                     : c == '/' && state == SLB_COMMENTS_STAR
                     ? SLB_COMMENTS_OUTSIDE : SLB_COMMENTS_BLOCK);
            blank = true;
            break;

        case SLB_COMMENTS_NONE:
        default:
            break;
        }

        if (blank && text[i] != '\n' && text[i] != '\r') {
            text[i] = ' ';
        }
        comments->last = blank ? ' ' : c;
        comments->state = state;
    }
    return n;
}
