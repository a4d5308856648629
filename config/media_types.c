#include "config/media_types.h"
#include <assert.h>

/* A type and its extensions a line; types as registered with IANA where they are. */
static const char built_in[] =
    /* what pages are made of */
    "text/html html htm shtml\n"
    "text/css css\n"
    "text/javascript js mjs cjs\n"
    "application/json json map topojson\n"
    "application/ld+json jsonld\n"
    "application/geo+json geojson\n"
    "application/manifest+json webmanifest\n"
    "application/wasm wasm\n"
    "application/xhtml+xml xhtml xht\n"
    "text/xml xml xsd xsl\n"
    "application/xslt+xml xslt\n"
    "application/mathml+xml mathml\n"
    "application/rss+xml rss\n"
    "application/atom+xml atom\n"
    "application/xspf+xml xspf\n"
    /* text */
    "text/plain txt text log conf ini\n"
    "text/markdown md markdown\n"
    "text/csv csv\n"
    "text/tab-separated-values tsv\n"
    "text/calendar ics\n"
    "text/vcard vcf vcard\n"
    "text/vtt vtt\n"
    "application/yaml yaml yml\n"
    "application/toml toml\n"
    "application/rtf rtf\n"
    "application/sql sql\n"
    "text/x-c c h cc cpp hpp\n"
    "text/x-python py\n"
    "text/x-diff diff patch\n"
    "application/x-sh sh\n"
    /* images */
    "image/png png\n"
    "image/apng apng\n"
    "image/jpeg jpg jpeg jfif\n"
    "image/gif gif\n"
    "image/svg+xml svg svgz\n"
    "image/webp webp\n"
    "image/avif avif\n"
    "image/jxl jxl\n"
    "image/heic heic\n"
    "image/heif heif\n"
    "image/jp2 jp2\n"
    "image/tiff tif tiff\n"
    "image/bmp bmp\n"
    "image/vnd.microsoft.icon ico cur\n"
    /* fonts */
    "font/woff2 woff2\n"
    "font/woff woff\n"
    "font/ttf ttf\n"
    "font/otf otf\n"
    "font/collection ttc\n"
    "application/vnd.ms-fontobject eot\n"
    /* sound */
    "audio/mpeg mp3\n"
    "audio/mp4 m4a m4b\n"
    "audio/aac aac\n"
    "audio/ogg oga ogg opus spx\n"
    "audio/flac flac\n"
    "audio/wav wav\n"
    "audio/webm weba\n"
    "audio/midi mid midi kar\n"
    /* moving pictures */
    "video/mp4 mp4\n"
    "video/x-m4v m4v\n"
    "video/webm webm\n"
    "video/ogg ogv\n"
    "video/mpeg mpeg mpg\n"
    "video/mp2t ts\n"
    "video/quicktime mov qt\n"
    "video/x-msvideo avi\n"
    "video/x-matroska mkv\n"
    "video/x-ms-wmv wmv\n"
    "video/x-flv flv\n"
    "video/3gpp 3gp 3gpp\n"
    "application/vnd.apple.mpegurl m3u8\n"
    "audio/x-mpegurl m3u\n"
    "application/dash+xml mpd\n"
    "video/iso.segment m4s\n"
    /* documents */
    "application/pdf pdf\n"
    "application/epub+zip epub\n"
    "application/postscript ps eps ai\n"
    "application/msword doc\n"
    "application/vnd.ms-excel xls\n"
    "application/vnd.ms-powerpoint ppt\n"
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document docx\n"
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx\n"
    "application/vnd.openxmlformats-officedocument.presentationml.presentation pptx\n"
    "application/vnd.oasis.opendocument.text odt\n"
    "application/vnd.oasis.opendocument.spreadsheet ods\n"
    "application/vnd.oasis.opendocument.presentation odp\n"
    "application/vnd.oasis.opendocument.graphics odg\n"
    "application/vnd.google-earth.kml+xml kml\n"
    "application/vnd.google-earth.kmz kmz\n"
    "application/gpx+xml gpx\n"
    /* three dimensions */
    "model/gltf+json gltf\n"
    "model/gltf-binary glb\n"
    "model/stl stl\n"
    "model/obj obj\n"
    /* archives and packages */
    "application/zip zip\n"
    "application/gzip gz tgz\n"
    "application/zstd zst\n"
    "application/x-brotli br\n"
    "application/x-bzip2 bz2\n"
    "application/x-xz xz\n"
    "application/x-tar tar\n"
    "application/x-7z-compressed 7z\n"
    "application/vnd.rar rar\n"
    "application/java-archive jar war ear\n"
    "application/vnd.debian.binary-package deb\n"
    "application/x-rpm rpm\n"
    "application/vnd.android.package-archive apk\n"
    "application/x-apple-diskimage dmg\n"
    "application/x-iso9660-image iso\n"
    "application/x-xpinstall xpi\n"
    "application/x-chrome-extension crx\n"
    "application/x-bittorrent torrent\n"
    "application/octet-stream bin dat exe dll img msi msp msm so\n"
    /* certificates and signatures */
    "application/x-x509-ca-cert der pem crt\n"
    "application/pkix-crl crl\n"
    "application/pgp-signature asc sig\n"
    "application/pgp-keys pgp\n";

struct media_types *media_types_create(struct arena *arena)
{
    struct media_types *types = arena_zero(arena, sizeof *types);
    hash_init(&types->by_extension, arena);
    return types;
}

static void add_line(struct media_types *types, struct slice line)
{
    struct slice type, extension;
    slice_split(&line, ' ', &type);
    while (slice_split(&line, ' ', &extension)) {
        const char *earlier = media_types_add(types, extension, type);
        assert(earlier == NULL);
        (void)earlier;
    }
}

struct media_types *media_types_default(struct arena *arena)
{
    struct media_types *types = media_types_create(arena);
    struct slice lines = SLICE(built_in);
    struct slice line;
    while (lines.len > 0 && slice_split(&lines, '\n', &line)) {
        add_line(types, line);
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
