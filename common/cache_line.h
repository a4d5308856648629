/*
 * cache_line.h - what a processor fetches from memory at once.
 */
#ifndef COMMON_CACHE_LINE_H
#define COMMON_CACHE_LINE_H

#define CACHE_LINE 64 /* bytes, of most processors */

#endif
