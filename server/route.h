/*
 * route.h - which server and which location a request belongs to.
 *
 * The address that was connected to comes first (the connection has chosen it), then the
 * host name: exact, longest "*.x", longest "x.*", else the default server. The location
 * is the exact match of the path, else the longest prefix, else the server's own
 * settings.
 */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "server/request.h"

/* Chooses by request->host, which is folded; the location becomes the server's own. */
void route_server(struct request *request);

/* Enters a server that something else has chosen; the location becomes its own. */
void route_enter_server(struct request *request, const struct server *server);

/* Chooses by request->path. */
void route_location(struct request *request);

/* Enters a location that something else has chosen. */
void route_enter(struct request *request, const struct location *location);

#endif
