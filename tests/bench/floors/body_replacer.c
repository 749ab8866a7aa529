/* body_replacer SOCKET: a milter that takes a message's body and gives the same octets back as its
   replacement. It is what maildircrypt-milter's speed is compared with: nothing that replaces bodies
   through libmilter, as Debian ships it, does less. It asks for no callback and no answer that it can
   do without. */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct body {
    unsigned char *octets;
    size_t size;
};

static sfsistat on_negotiate(SMFICTX *context, unsigned long f0, unsigned long f1, unsigned long f2,
                             unsigned long f3, unsigned long *actions, unsigned long *protocol,
                             unsigned long *unused2, unsigned long *unused3) {
    (void)context, (void)f0, (void)f2, (void)f3;
    *actions = SMFIF_CHGBODY;
    *protocol = (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOHDRS |
                 SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_BODY) &
                f1;
    *unused2 = *unused3 = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *context, unsigned char *piece, size_t size) {
    struct body *body = smfi_getpriv(context);
    if (body == NULL) {
        body = calloc(1, sizeof *body);
        if (body == NULL || smfi_setpriv(context, body) != MI_SUCCESS) return SMFIS_TEMPFAIL;
    }
    unsigned char *grown = realloc(body->octets, body->size + size);
    if (grown == NULL) return SMFIS_TEMPFAIL;
    body->octets = grown;
    memcpy(body->octets + body->size, piece, size);
    body->size += size;
    return SMFIS_NOREPLY;
}

static void forget(SMFICTX *context) {
    struct body *body = smfi_getpriv(context);
    if (body == NULL) return;
    free(body->octets);
    free(body);
    smfi_setpriv(context, NULL);
}

static sfsistat on_end(SMFICTX *context) {
    struct body *body = smfi_getpriv(context);
    int done = MI_SUCCESS;
    for (size_t at = 0; body != NULL && at < body->size && done == MI_SUCCESS;) {
        size_t size = body->size - at < 65535 ? body->size - at : 65535;
        done = smfi_replacebody(context, body->octets + at, (int)size);
        at += size;
    }
    forget(context);
    return done == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_abort(SMFICTX *context) {
    forget(context);
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv) {
    char place[512];
    struct smfiDesc description = {0};
    if (argc != 2) return 64;
    snprintf(place, sizeof place, "unix:%s", argv[1]);
    description.xxfi_name = "body_replacer";
    description.xxfi_version = SMFI_VERSION;
    description.xxfi_flags = SMFIF_CHGBODY;
    description.xxfi_negotiate = on_negotiate;
    description.xxfi_body = on_body;
    description.xxfi_eom = on_end;
    description.xxfi_abort = on_abort;
    description.xxfi_close = on_abort;
    umask(0);
    if (smfi_register(description) != MI_SUCCESS || smfi_setconn(place) != MI_SUCCESS ||
        smfi_opensocket(1) != MI_SUCCESS)
        return 71;
    return smfi_main() == MI_SUCCESS ? 0 : 71;
}
