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


#ifndef SLB_TEXT_H
#define SLB_TEXT_H 1

/* Words in messages: users' texts quoted safely, and guesses at what a
 * mistyped word was meant to be. */

#include <stddef.h>

struct ds;

void slb_text_quote(const char *, struct ds *);
const char *slb_text_nearest(const char *word, const char *const *candidates,
                             size_t n);

#endif /* yaml/slb-text.h */
