/*
 * known_fields.h - field sections that clients send again and again.
 *
 * A client sends the same fields with most of its requests, a browser some 500 bytes of
 * them. What a worker meets for the second time it keeps, with what follows from it:
 * the parsed fields, the framing, the server. The same bytes to the same address mean the
 * same for as long as the worker lives, so from then on they are only compared. HTTP/2
 * spares a client to send them (RFC 7541); here it is the work that is spared.
 *
 * Bounded: each of the places holds one section of so many bytes, and a struct http_field
 * for each of its lines.
 */
#ifndef SERVER_KNOWN_FIELDS_H
#define SERVER_KNOWN_FIELDS_H

#include "server/http_framing.h"

struct listen_address;
struct server;

#define KNOWN_FIELDS_PLACES    64
#define KNOWN_FIELDS_BYTES_MAX 2048

/* Made with address, section and room for the fields; the rest is put there by the first
 * request that finds it out. A section that is refused stays unparsed. */
struct known_fields {
    const struct listen_address *address; /* whose limits and servers are meant */
    unsigned users;              /* requests whose slices point in here: it may not go */
    struct slice section;        /* from the first field to the blank line */
    struct http_fields fields;   /* its own table, empty until .. */
    bool parsed;                 /* .. they were read and found good */
    struct http_framing framing; /* of HTTP/1.1 without an authority in the target, .. */
    const struct server *server; /* .. and whom it is for; NULL: nobody has found out */
    char bytes[];
};

/* One of KNOWN_FIELDS_PLACES, in which those of one hash follow each other. */
struct known_place {
    struct known_fields *kept; /* or NULL */
    uint64_t print;            /* its fingerprint */
    uint64_t met; /* that of another one, which came since this was of use; 0: none */
};

/*
 * What is known of the section, or will be; a new one gets room for so many fields. NULL
 * when the section comes for the first time, is too long, or its place is taken. Each
 * that is not NULL is released once, when nothing points into it any more.
 */
struct known_fields *known_fields_get(struct known_place *places,
                                      const struct listen_address *address,
                                      struct slice section, size_t fields);

void known_fields_release(struct known_fields *known); /* NULL: nothing */
void known_fields_clear(struct known_place *places);   /* nobody uses any */

#endif
