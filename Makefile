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
RUNSTATEDIR ?= $(LOCALSTATEDIR)/run
RUN_USER ?= nobody
WWW_DIR ?= $(PREFIX)/share/tinyhttpd/html
BUILD   := build/$(FLAVOUR)$(if $(filter poll,$(EV)),-poll)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wcast-qual -Wvla $(if $(WERROR),-Werror)
HARDEN := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
HARDEN_LD := -pie -Wl,-z,relro,-z,now
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# The release is small, and fast where requests spend their instructions, which the
# source's name ($<) tells: after each system call the code of a request is cold, so less
# of it is worth as much as faster code. Functions that nobody calls go, and so do tables
# for exceptions of C++ and stubs for calls of the C library, which are bound at the start
# anyway.
HOT := $(patsubst %,common/%.c,arena decimal hash ring span) \
       $(patsubst %,server/%.c,access_log conn_send http_fields http_head http_target \
                               kept_head known_fields outq request)
OPTIMISE = $(if $(filter $(HOT),$<),-O2 $(SPARING) $(CLEARING),$(SMALL) $(UNMOVED))
LEAN     := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-plt
LEAN_LD  := -Wl,--gc-sections -Wl,-O1

# What not every compiler or C library knows: code that is smaller still, and smaller when
# nothing is moved out of a loop or around a call; tables without gaps in front of them;
# inlining only tiny functions that do not ask for it; the C library's memset, which is
# quicker than the processor's own; optimising the program as a whole (the tests link the
# same objects as they are, which is done sooner); and packed relocations.
SMALL    := -Oz
UNMOVED  := -fno-tree-loop-im -fno-move-loop-invariants -fno-caller-saves
CLEARING := -mmemset-strategy=libcall:-1:noalign
DENSE    := -malign-data=abi
SPARING  := --param=max-inline-insns-auto=4
WHOLE    := -flto=auto -ffat-lto-objects -fno-align-functions \
            -fno-align-jumps -fno-align-loops -fno-align-labels
PACKED   := -Wl,-z,pack-relative-relocs
PACKED_IF := _Static_assert(__GLIBC_PREREQ(2, 36), "");
if_builds = $(if $(shell echo 'int main(void) { $(2) }' | $(CC) $(1) -Werror \
                     -Wl,--fatal-warnings -include features.h -x c -o /dev/null - \
                     2>/dev/null && echo yes),$(1))
ifeq ($(FLAVOUR),release)
SMALL    := $(or $(call if_builds,$(SMALL)),-Os)
UNMOVED  := $(call if_builds,$(UNMOVED))
CLEARING := $(call if_builds,$(CLEARING))
DENSE    := $(call if_builds,$(DENSE))
SPARING  := $(call if_builds,$(SPARING))
WHOLE    := $(call if_builds,$(WHOLE))
PACKED   := $(call if_builds,$(PACKED),$(PACKED_IF))
endif

CFLAGS_release   = $(OPTIMISE) -g $(HARDEN) $(LEAN) $(DENSE) $(WHOLE)
LDFLAGS_release  = $(HARDEN_LD) $(LEAN_LD) $(PACKED) $(AS_LINKED)
AS_LINKED       := -fno-lto
$(BUILD)/tinyhttpd $(BUILD)/parts: AS_LINKED := $(LEAN) $(DENSE) $(WHOLE)
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

CPPFLAGS ?=
CFLAGS  ?=
LDFLAGS ?=
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARN) -I. -DTINYHTTPD_VERSION='"$(VERSION)"' \
              -DTINYHTTPD_PREFIX='"$(PREFIX)"' -DTINYHTTPD_SYSCONFDIR='"$(SYSCONFDIR)"' \
              -DTINYHTTPD_LOCALSTATEDIR='"$(LOCALSTATEDIR)"' \
              $(CFLAGS_$(FLAVOUR)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(FLAVOUR)) $(LDFLAGS)
LIBS :=

# One file a facility: EV=poll is the build with nothing but POSIX in these places.
SENDFILE   := $(if $(filter poll,$(EV)),posix,linux)
NOT_CHOSEN := $(filter-out server/ev_$(EV).c server/sendfile_$(SENDFILE).c,\
                $(wildcard server/ev_epoll.c server/ev_poll.c server/sendfile_linux.c \
                           server/sendfile_posix.c))
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

# The second one fails where a test wants it to: its hook.o comes before the archives'.
$(PROGRAM): $(BUILD)/server/main.o $(ARCHIVES)
$(PROGRAM)-hooked: $(BUILD)/server/main.o $(BUILD)/tests/integration/hook.o $(ARCHIVES)
$(PROGRAM) $(PROGRAM)-hooked:
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

.PHONY: test check integration $(UNIT:=.run)
test:
	scripts/install-test-packages
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory integration
	@echo "All unit and integration tests passed ($(FLAVOUR), $(EV))."

check: $(UNIT:=.run)

# Each test of Check is a process, and looking for leaks at the end of each takes most of
# the time under the sanitizers. So the torture flavour leaves it to the other, and the
# server's tests to the integration tests, where its processes end as well.
NO_LEAKS = $(if $(filter torture,$(FLAVOUR))$(filter %-server.run,$@),ASAN_OPTIONS=detect_leaks=0)
$(UNIT:=.run): %.run: %
	@echo "== $<"
	@$(NO_LEAKS) $<

integration: $(PROGRAM) $(PROGRAM)-hooked
	@TINYHTTPD=$(abspath $(PROGRAM)) FLAVOUR=$(FLAVOUR) $$(scripts/find-python) -m pytest \
	    -q -p no:cacheprovider $$(scripts/find-python xdist) $(PYTEST_ARGS) tests/integration

# --- the same suites in other flavours ---------------------------------------------------
.PHONY: asan torture poll musl coverage
asan torture:
	@$(MAKE) --no-print-directory FLAVOUR=$@ check
	@$(MAKE) --no-print-directory FLAVOUR=$@ integration

poll:
	@$(MAKE) --no-print-directory EV=poll check
	@$(MAKE) --no-print-directory EV=poll integration

musl:
	@$(MAKE) --no-print-directory FLAVOUR=musl CC=musl-gcc build/musl/tinyhttpd

coverage:
	@$(MAKE) --no-print-directory FLAVOUR=coverage check
	@$(MAKE) --no-print-directory FLAVOUR=coverage integration
	gcovr --root . --object-directory build/coverage --exclude tests --print-summary

# --- fuzzing: `make fuzz SECONDS=60` runs every target for that long ----------------------
SECONDS ?= 10
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz fuzz-programs
fuzz:
	@$(MAKE) --no-print-directory FLAVOUR=fuzz CC=clang fuzz-programs
	scripts/fuzz $(SECONDS) $(FUZZERS)

fuzz-programs: $(FUZZERS)

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# --- how fast it is: scripts/bench --help says what is measured -----------------------------
BENCH := scripts/install-test-packages bench && $$(scripts/find-python)
.PHONY: bench bench-scale bench-parts bench-gate
bench: build/tinyhttpd $(BUILD)/floor
	@$(BENCH) scripts/bench --syscalls --floor $(BUILD)/floor --svg build/bench.svg $(BENCH_ARGS)
	@echo "Its chart is build/bench.svg."

bench-scale: build/tinyhttpd
	@$(BENCH) scripts/bench-scale --svg build/bench-scale.svg $(BENCH_ARGS)
	@echo "Its plot is build/bench-scale.svg."

# Nanoseconds of the parts that ask nothing of the kernel; and a gate on their instructions.
bench-parts: $(BUILD)/parts
	@$(BUILD)/parts

bench-gate: $(BUILD)/parts
	@$(BENCH) scripts/bench-gate --cc '$(CC)' $(if $(ACCEPT),--accept) $(BUILD)/parts

$(BUILD)/floor: $(BUILD)/tests/bench/floor.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/parts: $(BUILD)/tests/bench/parts.o $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# --- how it is written -------------------------------------------------------------------
C_FILES := $(wildcard common/*.[ch] config/*.[ch] server/*.[ch] tests/unit/*.[ch] \
                      tests/unit/*/*.c tests/fuzz/*.c tests/integration/*.c tests/bench/*.c)
MANUALS := server/tinyhttpd.8 config/tinyhttpd.conf.5
.PHONY: format lint
format:
	clang-format -i $(C_FILES)

lint:
	@clang-format --dry-run -Werror $(C_FILES)
	scripts/check-style
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability -I. \
	    --inline-suppr common config server
	shellcheck .ci/run $(SHELL_SCRIPTS)
	@! mandoc -T lint $(MANUALS) 2>&1 | grep -v 'referenced manual not found\|mandoc.db'

# --- installation ------------------------------------------------------------------------
SHELL_SCRIPTS := $(addprefix scripts/,install-test-packages find-python fuzz check-style \
                   container-root tinyhttpd.init make-deb check-deb \
                   debian/postinst debian/prerm debian/postrm)
SUBSTITUTE := sed $(foreach name,PREFIX SYSCONFDIR LOCALSTATEDIR RUNSTATEDIR RUN_USER WWW_DIR,\
                      -e 's|@$(name)@|$($(name))|g')
RUN_DIR := $(filter-out /run /var/run,$(RUNSTATEDIR)) # these are the system's own
.PHONY: install uninstall clean
install: build/tinyhttpd
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/doc/tinyhttpd \
	    $(DESTDIR)$(PREFIX)/share/tinyhttpd/html $(DESTDIR)$(PREFIX)/lib/systemd/system \
	    $(DESTDIR)$(SYSCONFDIR)/tinyhttpd $(DESTDIR)$(SYSCONFDIR)/init.d \
	    $(DESTDIR)$(SYSCONFDIR)/default $(DESTDIR)$(SYSCONFDIR)/logrotate.d \
	    $(DESTDIR)$(LOCALSTATEDIR)/log/tinyhttpd \
	    $(addprefix $(DESTDIR),$(RUN_DIR))
	install -m 755 build/tinyhttpd $(DESTDIR)$(PREFIX)/sbin/tinyhttpd
	install -m 644 server/tinyhttpd.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 config/tinyhttpd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 README.md tinyhttpd.conf.example $(DESTDIR)$(PREFIX)/share/doc/tinyhttpd/
	install -m 644 scripts/welcome.html \
	    $(DESTDIR)$(PREFIX)/share/tinyhttpd/html/index.html
	$(SUBSTITUTE) scripts/tinyhttpd.init >$(DESTDIR)$(SYSCONFDIR)/init.d/tinyhttpd
	chmod 755 $(DESTDIR)$(SYSCONFDIR)/init.d/tinyhttpd
	$(SUBSTITUTE) scripts/tinyhttpd.logrotate >$(DESTDIR)$(SYSCONFDIR)/logrotate.d/tinyhttpd
	$(SUBSTITUTE) scripts/tinyhttpd.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/tinyhttpd.service
	@for pair in tinyhttpd.conf:tinyhttpd/tinyhttpd.conf tinyhttpd.default:default/tinyhttpd; do \
	    to=$(DESTDIR)$(SYSCONFDIR)/$${pair#*:}; \
	    if [ -e $$to ]; then echo "kept $$to"; \
	    else $(SUBSTITUTE) scripts/$${pair%:*} >$$to && echo "wrote $$to" || exit 1; fi; \
	done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/tinyhttpd $(DESTDIR)$(PREFIX)/share/man/man8/tinyhttpd.8 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/tinyhttpd.conf.5 \
	    $(DESTDIR)$(SYSCONFDIR)/init.d/tinyhttpd $(DESTDIR)$(SYSCONFDIR)/logrotate.d/tinyhttpd \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system/tinyhttpd.service
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/tinyhttpd $(DESTDIR)$(PREFIX)/share/tinyhttpd

# A package of Debian; check-deb takes it through its whole life, in a chroot, as root.
.PHONY: deb check-deb
deb:
	scripts/make-deb

check-deb:
	scripts/check-deb build/debian-root

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
