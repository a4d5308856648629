/*
 * listing_plain.h - listings for programs, as nginx's autoindex_format json and xml.
 *
 * An entry has a name, a type ("directory", "file", "other"), an mtime and, if it is a
 * file, a size. Bytes of names that are not UTF-8 become U+FFFD: the document always
 * parses.
 */
#ifndef SERVER_LISTING_PLAIN_H
#define SERVER_LISTING_PLAIN_H

#include "common/buf.h"
#include "server/listing_data.h"

/* [ { "name":"a.txt", "type":"file", "mtime":"<IMF-fixdate>", "size":42 } ] */
void listing_json(struct buf *out, const struct listing *listing);

/* <list><file mtime="<ISO 8601>" size="42">a.txt</file></list> */
void listing_xml(struct buf *out, const struct listing *listing);

#endif
