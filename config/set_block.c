#include "config/scope.h"
#include "config/setters.h"

bool set_events(struct build *build, const struct directive *row,
                const struct statement *statement, void *target)
{
    (void)row;
    (void)target;
    struct scope *scope = scope_create(build, CONTEXT_EVENTS, build->root);
    scope->statement = statement;
    scope_apply(build, scope, statement->first);
    return true;
}

bool set_http(struct build *build, const struct directive *row,
              const struct statement *statement, void *target)
{
    (void)row;
    (void)target;
    build->http->statement = statement;
    scope_apply(build, build->http, statement->first);
    return true;
}

/* A location that stands for the server's own settings. */
static struct location *create_fallback(struct build *build, struct server *server)
{
    struct location *location = build_location(build, server->at, server);
    location->match = LOCATION_SERVER;
    location->pattern = slice_str("");
    return location;
}

static struct server_draft *create_draft(struct build *build, struct position at)
{
    struct server *server = arena_zero(build->arena, sizeof *server);
    server->at = at;
    server->name = slice_str("");
    server->fallback = create_fallback(build, server);
    prefixes_init(&server->locations, build->arena);
    hash_init(&server->named, build->arena);

    struct server_draft *draft = arena_zero(build->scratch, sizeof *draft);
    draft->server = server;
    draft->listens = ARRAY_OF(struct listen_line);
    draft->names = ARRAY_OF(struct word);
    draft->locations = ARRAY_OF(struct location *);
    return draft;
}

bool set_server(struct build *build, const struct directive *row,
                const struct statement *statement, void *target)
{
    (void)row;
    (void)target;
    struct server_draft *draft = create_draft(build, statement->name.at);
    if (build->last_draft != NULL) {
        build->last_draft->next = draft;
    } else {
        build->drafts = draft;
    }
    build->last_draft = draft;

    struct scope *scope = scope_create(build, CONTEXT_SERVER, build->http);
    scope->statement = statement;
    scope->draft = draft;
    scope->server_set = &draft->server->set;
    scope_enter_location(build, scope, draft->server->fallback);
    draft->scope = scope;
    scope_apply(build, scope, statement->first);
    build_gather_texts(build, draft->server->fallback);
    return true;
}
