# maildircrypt: `make help` lists the targets.

comma    := ,

CXX      ?= g++
O        := build
PREFIX   ?= /usr
DESTDIR  ?=

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
            -D_GLIBCXX_ASSERTIONS
CXXFLAGS ?= -O2 -g
ALL_CXXFLAGS = -std=c++20 -I. -pthread $(CXXFLAGS) $(WARNINGS) $(HARDEN)
FORTIFY  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# ---- what is built: every folder is a library, every main_*.cpp a program -------------------------------------------

FOLDERS  := base seal keyd milter pipe admin
library_sources = $(filter-out $(1)/main_%,$(wildcard $(1)/*.cpp))

PROGRAMS := keyd keyd-cli keyd-validator maildircrypt-milter maildircrypt-pipe maildircrypt-pipe-worker \
            maildircrypt maildircrypt-lmtp
keyd_MAIN                     := keyd/main_keyd.cpp
keyd_LIBS                     := keyd seal base
keyd-cli_MAIN                 := keyd/main_keyd_cli.cpp
keyd-cli_LIBS                 := keyd seal base
keyd-validator_MAIN           := keyd/main_keyd_validator.cpp
keyd-validator_LIBS           := keyd seal base
# Started for each upload: every library that need not be looked up counts.
keyd-validator_LDFLAGS        := -static-libstdc++ -static-libgcc
maildircrypt-milter_MAIN      := milter/main_milter.cpp
maildircrypt-milter_LIBS      := milter keyd seal base
# With a copy of libmilter that calls milter/connection_io and milter/pool_patience. It stands behind our libraries:
# --undefined takes these out of them before it asks. libsm is Sendmail's own, which libmilter.a needs. (The sanitized
# program has Debian's shared libmilter.)
maildircrypt-milter_LDFLAGS   := -Wl,--undefined=libmilter_poll
$(O)/maildircrypt-milter: FOREIGN_LIBS := -lboost_program_options -lidn2 -lunistring -l:libsm.a -lcrypto -lz
$(O)/maildircrypt-milter: $(O)/foreign/libmilter.a
# Empty on a machine that has not installed it yet.
LIBMILTER := $(wildcard $(shell g++ -print-file-name=libmilter.a 2>/dev/null))
$(O)/foreign/libmilter.a: milter/libmilter.symbols $(LIBMILTER)
	@mkdir -p $(@D)
	objcopy --redefine-syms=$< $(LIBMILTER) $@.new
	nm -u $@.new >$@.undefined
	@# What stands in the place of one call must stand in the place of all of its kind.
	! grep -wE '(__)?(p?poll|select|readv?|recv|recvfrom|recvmsg|close|pthread_cond_(signal|.*wait|broadcast))(64|_chk)?' $@.undefined
	mv $@.new $@
maildircrypt-pipe-worker_MAIN := pipe/main_pipe_worker.cpp
maildircrypt-pipe-worker_LIBS := pipe keyd seal base
maildircrypt-lmtp_MAIN        := pipe/main_lmtp.cpp
maildircrypt-lmtp_LIBS        := pipe keyd seal base
# It starts once for each message: loading libraries and resolving their names would take longer than sealing.
# muldefs: base/wiping_free.cpp stands in front of libc's free(). no-warnings: libcrypto could look up hosts and load
# engines, which a static program should not, and this one does not.
maildircrypt-pipe-worker_LDFLAGS := -static-pie -Wl,-z,pack-relative-relocs -Wl,-z,muldefs -Wl,--no-warnings
$(O)/maildircrypt-pipe-worker: FOREIGN_LIBS := -l:libboost_program_options.a -l:libcrypto.a -l:libz.a
# The program that the MTA starts: static, no library of ours, so that no missing library ever bounces mail. Its libc
# is musl's: glibc's asks the processor for its caches whenever a program starts, which a virtual machine answers in
# half a millisecond. libstdc++'s headers, used without the library, ask glibc's macro
# __GLIBC_PREREQ, which musl lacks: the answer is no.
maildircrypt-pipe_MAIN        := pipe/main_pipe.cpp
maildircrypt-pipe_LIBS        :=
GNU  = $(shell g++ -print-multiarch)
MUSL = $(subst -gnu,-musl,$(GNU))
GCC_INCLUDES = /usr/include/c++/$(shell g++ -dumpversion) /usr/include/$(GNU)/c++/$(shell g++ -dumpversion) \
               $(shell g++ -print-file-name=include)
$(O)/obj/pipe/main_pipe.o: CXXFLAGS += -nostdinc $(addprefix -isystem ,$(GCC_INCLUDES) /usr/include/$(MUSL)) \
                                       '-D__GLIBC_PREREQ(major,minor)=0' -fno-exceptions -fno-rtti
maildircrypt-pipe_LDFLAGS = -nostdlib -static-pie -Wl,-z,relro,-z,now \
                            $(addprefix /usr/lib/$(MUSL)/,rcrt1.o crti.o libc.a crtn.o) -lgcc
maildircrypt_MAIN             := admin/main_maildircrypt.cpp
maildircrypt_LIBS             := admin keyd seal base
$(O)/obj/pipe/main_pipe.o: CXXFLAGS += -DLIBEXECDIR='"$(PREFIX)/libexec/maildircrypt"'

FOREIGN_LIBS := -lboost_program_options -lgpgme -lidn2 -lunistring -lsqlite3 -lpq -lmilter -lcrypto -lz

# A program whose main is not written yet is not built.
BUILT := $(foreach p,$(PROGRAMS),$(if $(wildcard $($(p)_MAIN)),$(p)))

UNIT_TESTS := $(wildcard tests/unit/*.cpp tests/unit/support/*.cpp)

.PHONY: all
all: $(addprefix $(O)/,$(BUILT)) ## build all programs into build/

# ---- three variants of everything: the product, with the sanitizers, for the fuzzer ----------------------------------

SAN  := $(O)/sanitized
FUZZ := $(O)/fuzzing
# Less optimised, fewer debugging symbols: a third of the time to compile, and stack traces keep their lines.
SANITIZE := -O1 -g1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(O)/obj/%.o: VARIANT_FLAGS := $(FORTIFY)
$(SAN)/obj/%.o: VARIANT_FLAGS := $(SANITIZE)
$(FUZZ)/obj/%.o: CXX := clang++
$(FUZZ)/obj/%.o: VARIANT_FLAGS := -fsanitize=fuzzer-no-link $(SANITIZE) -Wno-error

define compile_rule
$(1)/obj/%.o: %.cpp
	@mkdir -p $$(@D)
	$$(CXX) $$(ALL_CXXFLAGS) $$(VARIANT_FLAGS) -MMD -MP -c $$< -o $$@
endef
$(foreach v,$(O) $(SAN) $(FUZZ),$(eval $(call compile_rule,$(v))))

define library_rule
$(1)/lib$(2).a: $(patsubst %.cpp,$(1)/obj/%.o,$(call library_sources,$(2)))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach v,$(O) $(SAN) $(FUZZ),$(foreach f,$(FOLDERS),$(eval $(call library_rule,$(v),$(f)))))

define program_rule
$(1)/$(2): $(1)/obj/$(basename $($(2)_MAIN)).o $(patsubst %,$(1)/lib%.a,$($(2)_LIBS))
	$$(CXX) $$(ALL_CXXFLAGS) $$^ $(3) $(if $($(2)_LIBS),$$(ALL_LDFLAGS) $$(FOREIGN_LIBS)) $(if $(3),,$($(2)_LDFLAGS)) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(O),$(p),)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(SAN),$(p),-fsanitize=address$(comma)undefined)))

# ---- tests ----------------------------------------------------------------------------------------------------------

ALL_LIBS := admin milter pipe keyd seal base

define unit_tests_rule
$(1)/unit-tests: $(patsubst %.cpp,$(1)/obj/%.o,$(UNIT_TESTS)) $(patsubst %,$(1)/lib%.a,$(ALL_LIBS)) | $(1)/keyd-validator
	$$(CXX) $$(ALL_CXXFLAGS) $$^ $(2) $$(ALL_LDFLAGS) -lboost_unit_test_framework $$(FOREIGN_LIBS) -o $$@
endef
$(eval $(call unit_tests_rule,$(O),))
$(eval $(call unit_tests_rule,$(SAN),-fsanitize=address$(comma)undefined))
$(O)/obj/tests/%.o $(SAN)/obj/tests/%.o: CXXFLAGS += -DBOOST_TEST_DYN_LINK
# The tests' own code is optimised less than what it tests, and compiles faster. -O1: _FORTIFY_SOURCE wants some.
# VARIANT_FLAGS, since SANITIZE's -O1 stands behind CXXFLAGS.
$(O)/obj/tests/unit/%.o: CXXFLAGS += -O1 -g1
$(SAN)/obj/tests/unit/%.o: VARIANT_FLAGS += -O0

# Helper programs that tests start: tests/helpers/NAME.cpp becomes build/tests/NAME.
HELPERS := $(patsubst tests/helpers/%.cpp,$(O)/tests/%,$(wildcard tests/helpers/*.cpp))
$(O)/tests/seal_for_test: $(O)/obj/tests/unit/support/message_generator.o
$(O)/tests/%: $(O)/obj/tests/helpers/%.o $(patsubst %,$(O)/lib%.a,$(ALL_LIBS))
	@mkdir -p $(@D)
	$(CXX) $(ALL_CXXFLAGS) $^ $(ALL_LDFLAGS) $(FOREIGN_LIBS) -o $@

# The test users' key pairs, made once; and Exim, which cannot be installed beside Postfix.
$(O)/test-keys: tests/lib/make_keys.py tests/lib/gpg.py
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/lib/make_keys.py $@
$(O)/exim: tests/lib/unpack_exim debian/control
	tests/lib/unpack_exim $@

# What runs needs no installing: the programs, and what the tests start.
.PHONY: test-programs
test-programs: all $(O)/unit-tests $(SAN)/unit-tests $(HELPERS) $(O)/test-keys $(O)/exim

# Make starts anew after `deps`: the machine may have had no compiler when this file was read.
JOBS := $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(shell nproc))

.PHONY: run
run: ## show the main job: real mail through Postfix lands sealed (KEEP=1 keeps all running)
	@debian/packages install nocheck pkg.maildircrypt.run
	@+$(MAKE) -q all 2>/dev/null || echo "Building, which takes minutes the first time"
	@+$(MAKE) --no-print-directory -s $(JOBS) all
	@KEEP=$(KEEP) tests/demo/run

.PHONY: check
check: deps ## build and run every test; the last line counts them
	@+$(MAKE) --no-print-directory $(JOBS) test-programs
	@tests/run $(TESTS)

.PHONY: layers
layers: ## check that includes run one way and that foreign headers stand in their one place
	@/usr/bin/python3 tests/layers/check_layers.py .

# ---- bench and fuzz: every tests/bench/*.cpp and tests/fuzz/*.cpp is a program ------------------------------------------

bench_seal_BENCH_LIBS := -lrnp
BENCHES := $(patsubst tests/bench/%.cpp,$(O)/bench/%,$(wildcard tests/bench/*.cpp))
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(patsubst %,$(O)/lib%.a,$(ALL_LIBS))
	@mkdir -p $(@D)
	$(CXX) $(ALL_CXXFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(ALL_LDFLAGS) $(FOREIGN_LIBS) $($*_BENCH_LIBS) -o $@

# What our programs are compared with: the least that does the same work, in C.
FLOORS := $(patsubst tests/bench/floors/%.c,$(O)/bench/%,$(wildcard tests/bench/floors/*.c))
$(O)/bench/body_replacer: FLOOR_LIBS := -lmilter
$(FLOORS): $(O)/bench/%: tests/bench/floors/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -pthread $< $(FLOOR_LIBS) -o $@

$(O)/bench/bench_keyd: $(O)/obj/tests/unit/support/keyd_data.o

# keyd looks for its validator beside itself.
$(O)/bench/bench_upload: | $(O)/bench/keyd-validator
$(O)/bench/keyd-validator: $(O)/keyd-validator
	@mkdir -p $(@D)
	ln -sf ../keyd-validator $@

.PHONY: bench
bench: deps ## measure, print a table, write build/bench.json (QUICK=1: a glance)
	@debian/packages install pkg.maildircrypt.bench
	@+$(MAKE) --no-print-directory $(JOBS) bench-programs
	@tests/bench/run $(BENCHES) $(wildcard tests/bench/bench_*.py)

.PHONY: bench-programs
bench-programs: all $(BENCHES) $(FLOORS) $(O)/test-keys $(O)/exim

ROUND_TRIPS ?= 100000
.PHONY: round-trips
round-trips: deps ## seal and open ROUND_TRIPS (100000) generated messages; `make check` does 4000
	@+$(MAKE) --no-print-directory $(JOBS) $(O)/unit-tests
	@MAILDIRCRYPT_ROUND_TRIPS=$(ROUND_TRIPS) $(O)/unit-tests --run_test=seal_sealer/generated_*

FUZZERS := $(patsubst tests/fuzz/%.cpp,$(O)/fuzz/%,$(wildcard tests/fuzz/*.cpp))
FUZZ_SECONDS ?= 20
$(O)/fuzz/sealer: $(patsubst %,$(FUZZ)/obj/tests/unit/%.o,pgp_key pgp_reader support/sealing)
$(O)/fuzz/%: $(FUZZ)/obj/tests/fuzz/%.o $(patsubst %,$(FUZZ)/lib%.a,$(ALL_LIBS))
	@mkdir -p $(@D)
	clang++ $(filter %.o,$^) $(filter %.a,$^) -fsanitize=fuzzer$(comma)address$(comma)undefined -pthread $(ALL_LDFLAGS) $(FOREIGN_LIBS) -o $@

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZ_SECONDS (20), from tests/fuzz/seeds
	@debian/packages install pkg.maildircrypt.fuzz
	@+$(MAKE) --no-print-directory $(JOBS) $(FUZZERS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZERS)

# Objects stay, so that nothing is compiled twice.
.SECONDARY:

# ---- dependencies, installation ---------------------------------------------------------------------------------------

.PHONY: deps
deps: ## install what is missing of the packages in debian/control
	@debian/packages install

BIN     = $(DESTDIR)$(PREFIX)/bin
SBIN    = $(DESTDIR)$(PREFIX)/sbin
LIBEXEC = $(DESTDIR)$(PREFIX)/libexec/maildircrypt
# debhelper 13 knows units below /lib only.
UNITDIR ?= $(PREFIX)/lib/systemd/system
# Debian's package `keyd` (a keyboard remapper) has the name in bin/: ours is in libexec/.
IN_BIN     := keyd-cli maildircrypt
IN_SBIN    := maildircrypt-lmtp maildircrypt-milter
IN_LIBEXEC := keyd keyd-validator maildircrypt-pipe-worker maildircrypt-pipe
install_programs = $(foreach p,$(filter $(2),$(BUILT)),install -m 755 -D $(O)/$(p) $(1)/$(p) &&) true

.PHONY: install
install: all ## install below DESTDIR and PREFIX (/usr)
	$(call install_programs,$(BIN),$(IN_BIN))
	$(call install_programs,$(SBIN),$(IN_SBIN))
	$(call install_programs,$(LIBEXEC),$(IN_LIBEXEC))
	# The pipe looks for its worker beside the file that this link leads to.
	install -d $(BIN) && ln -sf ../libexec/maildircrypt/maildircrypt-pipe $(BIN)/maildircrypt-pipe
	install -d $(DESTDIR)$(UNITDIR)
	for unit in systemd/*.service systemd/*.socket; do \
	    sed 's|=/usr/\(.*/maildircrypt\)|=$(PREFIX)/\1|' $$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/} && \
	    chmod 644 $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; done
	install -m 644 -D systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/maildircrypt.conf
	install -m 644 -D systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/maildircrypt.conf
	for file in $(wildcard etc/*.conf); do \
	    install -m 644 -D $$file $(DESTDIR)/etc/maildircrypt/$${file##*/} || exit 1; done
	for page in $(wildcard */*.1 */*.5 */*.8); do \
	    install -m 644 -D $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	for file in $(wildcard */*.bash-completion); do \
	    name=$${file##*/}; install -m 644 -D $$file \
	        $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$${name%.bash-completion} || exit 1; done
	for file in README seal/FORMAT keyd/API keyd/BACKUP keyd/KEYLOG tests/interop/MATRIX tests/clients/CLIENTS; do \
	    install -m 644 -D $$file $(DESTDIR)$(PREFIX)/share/doc/maildircrypt/$${file##*/} || exit 1; done
	for file in etc/examples/*; do \
	    install -m 644 -D $$file $(DESTDIR)$(PREFIX)/share/doc/maildircrypt/examples/$${file##*/} || exit 1; done

.PHONY: clean
clean: ## remove build/
	rm -rf $(O)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

-include $(shell find $(O) -path '*/obj/*' -name '*.d' -type f 2>/dev/null)
