/*
 * flavour.h - what the Makefile chose for this build, and what chooses otherwise.
 *
 * TORTURE=1 makes the rare common: one-byte buffers, one-byte sends, every append
 * reallocates, arenas are malloc. Code tests it with plain `if (TORTURE)`, so that both
 * branches are compiled in every flavour.
 */
#ifndef COMMON_FLAVOUR_H
#define COMMON_FLAVOUR_H

#ifndef TORTURE
#define TORTURE 0
#endif

/* A function whose size counts more than its speed, in a file that is built for speed. */
#define COLD __attribute__((cold))

#endif
