#include "server/route.h"

void route_enter(struct request *request, const struct location *location)
{
    request->location = location;
    request->set = location->set;
    board_request_location(request->service->board, location->label);
}

void route_enter_server(struct request *request, const struct server *server)
{
    request->server = server;
    request->location = server->fallback;
    request->set = server->fallback->set;
}

void route_server(struct request *request)
{
    const struct listen_address *address = request->client->address;
    const struct server *named =
        address->several ? names_find(&address->names, request->host) : NULL;
    route_enter_server(request, named != NULL ? named : address->default_server);
}

void route_location(struct request *request)
{
    const struct location *found =
        prefixes_find(&request->server->locations, request->path);
    route_enter(request, found != NULL ? found : request->server->fallback);
}
