/*
 * The MPPC of FreeRDP's library as a filter: packets come on standard input,
 * what becomes of each goes to standard output, until the input ends.
 *
 *   peer c    compresses       peer d    decompresses
 *
 * A packet is one octet of flags (A, B, C of RFC 2118's header; FreeRDP has them
 * in the same bits), two of its length, and its octets. Status 1 says that
 * FreeRDP found an error.
 */
#include <freerdp/codec/mppc.h>
#include <stdio.h>

static BYTE packet[65536], room[65536];

static int get(UINT32 *flags, UINT32 *size)
{
	int a = getchar(), b = getchar(), c = getchar();

	if (c == EOF)
		return 0;
	*flags = a;
	*size = b << 8 | c;
	return fread(packet, 1, *size, stdin) == *size;
}

static void put(UINT32 flags, UINT32 size, const BYTE *octets)
{
	putchar(flags);
	putchar(size >> 8);
	putchar(size & 0xff);
	fwrite(octets, 1, size, stdout);
}

int main(int argc, char **argv)
{
	BOOL compressor = argc == 2 && argv[1][0] == 'c';
	MPPC_CONTEXT *mppc = mppc_context_new(0, compressor); /* 0: 8 KiB */
	UINT32 flags, size;

	if (!mppc)
		return 2;
	while (get(&flags, &size)) {
		BYTE *out = room;
		UINT32 n = sizeof(room);
		int ok = compressor ? mppc_compress(mppc, packet, size, &out, &n, &flags)
				    : mppc_decompress(mppc, packet, size, &out, &n, flags);
		if (ok < 0) {
			fprintf(stderr, "error %d\n", ok);
			return 1;
		}
		put(flags, n, out);
	}
	mppc_context_free(mppc);
	return fflush(stdout) != 0;
}
