#include "server/service.h"
#include "server/error_page.h"
#include "server/filecache.h"
#include "server/request.h"
#include <stdlib.h>

void service_init(struct service *service, const struct config *config)
{
    *service = (struct service){.config = config, .files = filecache_create()};
    list_init(&service->free_requests);
}

void service_clear(struct service *service)
{
    LIST_EACH(link, next, &service->free_requests)
    {
        struct request *request = LIST_ITEM(link, struct request, link);
        arena_destroy(request->arena);
        free(request);
    }
    list_init(&service->free_requests);
    service->free_count = 0;
    buf_free(&service->scratch);
    error_page_forget(service);
    known_fields_clear(service->known);
    filecache_destroy(service->files);
    service->files = NULL;
}
