# tinyhttpd: `make run` builds and serves this folder, `make test` runs all tests.
#
#   FLAVOUR  release asan torture coverage fuzz musl   objects go to build/$(FLAVOUR)
#   EV       epoll poll                                the event back end
#   CC       any C11 compiler; WERROR=1 turns warnings into errors

VERSION := 0.1.0
FLAVOUR ?= release
EV      ?= epoll
PREFIX  ?= /usr/local
SYSCONFDIR ?= /etc
LOCALSTATEDIR ?= /var
BUILD   := build/$(FLAVOUR)$(if $(filter poll,$(EV)),-poll)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wcast-qual -Wvla $(if $(WERROR),-Werror)
HARDEN := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
HARDEN_LD := -pie -Wl,-z,relro,-z,now
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

CFLAGS_release  := -O2 -g $(HARDEN)
LDFLAGS_release := $(HARDEN_LD)
CFLAGS_asan     := -O1 -g $(SANITIZE)
LDFLAGS_asan    := $(SANITIZE)
CFLAGS_torture  := $(CFLAGS_asan) -DTORTURE=1
LDFLAGS_torture := $(SANITIZE)
CFLAGS_coverage  := -O0 -g --coverage
LDFLAGS_coverage := --coverage
CFLAGS_fuzz     := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LDFLAGS_fuzz    := $(SANITIZE)
CFLAGS_musl     := -O2 -g
LDFLAGS_musl    := -static

CFLAGS  ?=
LDFLAGS ?=
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARN) -I. -DTINYHTTPD_VERSION='"$(VERSION)"' \
              -DTINYHTTPD_PREFIX='"$(PREFIX)"' -DTINYHTTPD_SYSCONFDIR='"$(SYSCONFDIR)"' \
              -DTINYHTTPD_LOCALSTATEDIR='"$(LOCALSTATEDIR)"' \
              $(CFLAGS_$(FLAVOUR)) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(FLAVOUR)) $(LDFLAGS)
LIBS := -lcrypt

# One file a facility: the event back end is the one chosen by EV.
NOT_CHOSEN := $(filter-out server/ev_$(EV).c,$(wildcard server/ev_epoll.c server/ev_poll.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(NOT_CHOSEN) server/main.c,$(wildcard $(1)/*.c)))
tests   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/$(1)/test_*.c))

ARCHIVES := $(foreach folder,server config common,$(BUILD)/$(folder).a)
PROGRAM  := $(BUILD)/tinyhttpd

.PHONY: all run
all: build/tinyhttpd

build/tinyhttpd: $(PROGRAM)
	@cmp -s $< $@ || { cp $< $@.new && mv $@.new $@; }
	@touch $@

run: build/tinyhttpd
	@exec build/tinyhttpd .

$(PROGRAM): $(BUILD)/server/main.o $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.SECONDEXPANSION:
$(BUILD)/common.a $(BUILD)/config.a $(BUILD)/server.a: $(BUILD)/%.a: $$(call objects,%)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# --- unit tests: each folder's program links only what lies below it ---------------------
LINKS_common := $(BUILD)/common.a
LINKS_config := $(BUILD)/config.a $(BUILD)/common.a
LINKS_server := $(ARCHIVES)
UNIT := $(foreach folder,common config server,$(BUILD)/unit-$(folder))

$(UNIT): $(BUILD)/unit-%: $$(call tests,%) $(BUILD)/tests/unit/main.o $$(LINKS_%)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcheck -lsubunit -lm -lrt -lpthread

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
