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

PROGRAMS := keyd keyd-cli maildircrypt-milter maildircrypt-pipe maildircrypt-pipe-worker
keyd_MAIN                     := keyd/main_keyd.cpp
keyd_LIBS                     := keyd seal base
keyd-cli_MAIN                 := keyd/main_keyd_cli.cpp
keyd-cli_LIBS                 := keyd seal base
maildircrypt-milter_MAIN      := milter/main_milter.cpp
maildircrypt-milter_LIBS      := milter keyd seal base
maildircrypt-pipe-worker_MAIN := pipe/main_pipe_worker.cpp
maildircrypt-pipe-worker_LIBS := pipe keyd seal base
# The program that the MTA starts: static, no library of ours, so that no missing library ever bounces mail.
maildircrypt-pipe_MAIN        := pipe/main_pipe.cpp
maildircrypt-pipe_LIBS        :=
maildircrypt-pipe_LDFLAGS     := -static-pie

FOREIGN_LIBS := -lboost_program_options -lgpgme -lsqlite3 -lmilter -lcrypto

# A program whose main is not written yet is not built.
BUILT := $(foreach p,$(PROGRAMS),$(if $(wildcard $($(p)_MAIN)),$(p)))

UNIT_TESTS := $(wildcard tests/unit/*.cpp)

.PHONY: all
all: $(addprefix $(O)/,$(BUILT))

# ---- two variants of everything: the product, and with the sanitizers ------------------------------------------------

SAN := $(O)/sanitized
$(O)/obj/%.o: VARIANT_FLAGS := $(FORTIFY)
$(SAN)/obj/%.o: VARIANT_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

define compile_rule
$(1)/obj/%.o: %.cpp
	@mkdir -p $$(@D)
	$$(CXX) $$(ALL_CXXFLAGS) $$(VARIANT_FLAGS) -MMD -MP -c $$< -o $$@
endef
$(eval $(call compile_rule,$(O)))
$(eval $(call compile_rule,$(SAN)))

define library_rule
$(1)/lib$(2).a: $(patsubst %.cpp,$(1)/obj/%.o,$(call library_sources,$(2)))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach v,$(O) $(SAN),$(foreach f,$(FOLDERS),$(eval $(call library_rule,$(v),$(f)))))

define program_rule
$(1)/$(2): $(1)/obj/$(basename $($(2)_MAIN)).o $(patsubst %,$(1)/lib%.a,$($(2)_LIBS))
	$$(CXX) $$(ALL_CXXFLAGS) $$^ $(3) $(if $($(2)_LIBS),$$(ALL_LDFLAGS) $$(FOREIGN_LIBS)) $(if $(3),,$($(2)_LDFLAGS)) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(O),$(p),)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(SAN),$(p),-fsanitize=address$(comma)undefined)))

# ---- tests ----------------------------------------------------------------------------------------------------------

define unit_tests_rule
$(1)/unit-tests: $(patsubst %.cpp,$(1)/obj/%.o,$(UNIT_TESTS)) $(patsubst %,$(1)/lib%.a,admin milter pipe keyd seal base)
	$$(CXX) $$(ALL_CXXFLAGS) $$^ $(2) $$(ALL_LDFLAGS) -lboost_unit_test_framework $$(FOREIGN_LIBS) -o $$@
endef
$(eval $(call unit_tests_rule,$(O),))
$(eval $(call unit_tests_rule,$(SAN),-fsanitize=address$(comma)undefined))
$(O)/obj/tests/%.o $(SAN)/obj/tests/%.o: CXXFLAGS += -DBOOST_TEST_DYN_LINK

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: clean
clean:
	rm -rf $(O)
