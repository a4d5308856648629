#include "server/handlers.h"
#include "server/http_status.h"
#include "server/mime.h"
#include "server/respond.h"
#include "server/vars.h"

/* "//host/path" is a reference to another host when it is written so; when variables make
 * it ("$uri/"), it is a path of ours. */
static bool is_path(const struct return_rule *rule, struct slice text)
{
    const struct template *template = &rule->text;
    bool starts_written =
        template->count > 0 && template->parts[0].variable == VARIABLE_LITERAL;
    bool is_network_path =
        starts_written && slice_starts(template->parts[0].text, SLICE("//"));
    return slice_starts(text, SLICE("/")) && !is_network_path;
}

static void redirect(struct request *request, const struct return_rule *rule)
{
    struct slice text = vars_expand(request, &rule->text);
    if (is_path(rule, text)) {
        respond_redirect(request, rule->status, text);
    } else {
        respond_location(request, rule->status, text);
    }
}

static bool obey(struct request *request, const struct return_rule *rule)
{
    if (rule == NULL) {
        return false;
    }
    if (http_status_redirects(rule->status) && rule->has_text) {
        redirect(request, rule);
    } else if (rule->status < 300 && !rule->has_text) {
        respond_memory(request, rule->status, SLICE_NULL, SLICE_NULL);
    } else if (rule->has_text) {
        struct slice type = mime_type(request->set, request->path);
        respond_memory(request, rule->status, type, vars_expand(request, &rule->text));
    } else {
        respond_error(request, rule->status);
    }
    if (rule->status >= 200 && rule->status < 300) {
        respond_judged(request);
    }
    return true;
}

bool handler_return_of_server(struct request *request)
{
    return obey(request, request->server->fallback->set->return_rule);
}

bool handler_return(struct request *request)
{
    return obey(request, request->set->return_rule);
}
