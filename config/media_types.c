#include "config/media_types.h"
#include <assert.h>

/* By type, as registered with IANA where it is; extensions are separated by spaces. */
static const struct {
    const char *type;
    const char *extensions;
} built_in[] = {
    /* what pages are made of */
    {"text/html", "html htm shtml"},
    {"text/css", "css"},
    {"text/javascript", "js mjs cjs"},
    {"application/json", "json map topojson"},
    {"application/ld+json", "jsonld"},
    {"application/geo+json", "geojson"},
    {"application/manifest+json", "webmanifest"},
    {"application/wasm", "wasm"},
    {"application/xhtml+xml", "xhtml xht"},
    {"text/xml", "xml xsd xsl"},
    {"application/xslt+xml", "xslt"},
    {"application/mathml+xml", "mathml"},
    {"application/rss+xml", "rss"},
    {"application/atom+xml", "atom"},
    {"application/xspf+xml", "xspf"},
    /* text */
    {"text/plain", "txt text log conf ini"},
    {"text/markdown", "md markdown"},
    {"text/csv", "csv"},
    {"text/tab-separated-values", "tsv"},
    {"text/calendar", "ics"},
    {"text/vcard", "vcf vcard"},
    {"text/vtt", "vtt"},
    {"application/yaml", "yaml yml"},
    {"application/toml", "toml"},
    {"application/rtf", "rtf"},
    {"application/sql", "sql"},
    {"text/x-c", "c h cc cpp hpp"},
    {"text/x-python", "py"},
    {"text/x-diff", "diff patch"},
    {"application/x-sh", "sh"},
    /* images */
    {"image/png", "png"},
    {"image/apng", "apng"},
    {"image/jpeg", "jpg jpeg jfif"},
    {"image/gif", "gif"},
    {"image/svg+xml", "svg svgz"},
    {"image/webp", "webp"},
    {"image/avif", "avif"},
    {"image/jxl", "jxl"},
    {"image/heic", "heic"},
    {"image/heif", "heif"},
    {"image/jp2", "jp2"},
    {"image/tiff", "tif tiff"},
    {"image/bmp", "bmp"},
    {"image/vnd.microsoft.icon", "ico cur"},
    /* fonts */
    {"font/woff2", "woff2"},
    {"font/woff", "woff"},
    {"font/ttf", "ttf"},
    {"font/otf", "otf"},
    {"font/collection", "ttc"},
    {"application/vnd.ms-fontobject", "eot"},
    /* sound */
    {"audio/mpeg", "mp3"},
    {"audio/mp4", "m4a m4b"},
    {"audio/aac", "aac"},
    {"audio/ogg", "oga ogg opus spx"},
    {"audio/flac", "flac"},
    {"audio/wav", "wav"},
    {"audio/webm", "weba"},
    {"audio/midi", "mid midi kar"},
    /* moving pictures */
    {"video/mp4", "mp4"},
    {"video/x-m4v", "m4v"},
    {"video/webm", "webm"},
    {"video/ogg", "ogv"},
    {"video/mpeg", "mpeg mpg"},
    {"video/mp2t", "ts"},
    {"video/quicktime", "mov qt"},
    {"video/x-msvideo", "avi"},
    {"video/x-matroska", "mkv"},
    {"video/x-ms-wmv", "wmv"},
    {"video/x-flv", "flv"},
    {"video/3gpp", "3gp 3gpp"},
    {"application/vnd.apple.mpegurl", "m3u8"},
    {"audio/x-mpegurl", "m3u"},
    {"application/dash+xml", "mpd"},
    {"video/iso.segment", "m4s"},
    /* documents */
    {"application/pdf", "pdf"},
    {"application/epub+zip", "epub"},
    {"application/postscript", "ps eps ai"},
    {"application/msword", "doc"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.ms-powerpoint", "ppt"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
    {"application/vnd.oasis.opendocument.text", "odt"},
    {"application/vnd.oasis.opendocument.spreadsheet", "ods"},
    {"application/vnd.oasis.opendocument.presentation", "odp"},
    {"application/vnd.oasis.opendocument.graphics", "odg"},
    {"application/vnd.google-earth.kml+xml", "kml"},
    {"application/vnd.google-earth.kmz", "kmz"},
    {"application/gpx+xml", "gpx"},
    /* three dimensions */
    {"model/gltf+json", "gltf"},
    {"model/gltf-binary", "glb"},
    {"model/stl", "stl"},
    {"model/obj", "obj"},
    /* archives and packages */
    {"application/zip", "zip"},
    {"application/gzip", "gz tgz"},
    {"application/zstd", "zst"},
    {"application/x-brotli", "br"},
    {"application/x-bzip2", "bz2"},
    {"application/x-xz", "xz"},
    {"application/x-tar", "tar"},
    {"application/x-7z-compressed", "7z"},
    {"application/vnd.rar", "rar"},
    {"application/java-archive", "jar war ear"},
    {"application/vnd.debian.binary-package", "deb"},
    {"application/x-rpm", "rpm"},
    {"application/vnd.android.package-archive", "apk"},
    {"application/x-apple-diskimage", "dmg"},
    {"application/x-iso9660-image", "iso"},
    {"application/x-xpinstall", "xpi"},
    {"application/x-chrome-extension", "crx"},
    {"application/x-bittorrent", "torrent"},
    {"application/octet-stream", "bin dat exe dll img msi msp msm so"},
    /* certificates and signatures */
    {"application/x-x509-ca-cert", "der pem crt"},
    {"application/pkix-crl", "crl"},
    {"application/pgp-signature", "asc sig"},
    {"application/pgp-keys", "pgp"},
};

#define BUILT_IN_COUNT (sizeof built_in / sizeof *built_in)

struct media_types *media_types_create(struct arena *arena)
{
    struct media_types *types = arena_zero(arena, sizeof *types);
    hash_init(&types->by_extension, arena);
    return types;
}

struct media_types *media_types_default(struct arena *arena)
{
    struct media_types *types = media_types_create(arena);
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        struct slice rest = slice_str(built_in[i].extensions);
        struct slice extension;
        while (slice_split(&rest, ' ', &extension)) {
            const char *earlier =
                media_types_add(types, extension, slice_str(built_in[i].type));
            assert(earlier == NULL);
            (void)earlier;
        }
    }
    return types;
}

const char *media_types_add(struct media_types *types, struct slice extension,
                            struct slice type)
{
    struct arena *arena = types->by_extension.arena;
    char *key = arena_cstr(arena, extension);
    for (size_t i = 0; i < extension.len; i++) {
        key[i] = ascii_lower(key[i]);
    }
    return hash_put(&types->by_extension, slice_of(key, extension.len),
                    arena_cstr(arena, type));
}
