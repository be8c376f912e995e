/* PPP Deflate (RFC 1979) as pppd and the kernel do it, over zlib itself.
 *   zlib compress WINDOW <packets >frames     zlib inflate WINDOW <frames >packets
 * A line is a packet in hexadecimal, from its Protocol field in one octet on; a frame is one
 * with "n " before it, or the information field of a Compressed Datagram with "c " before it.
 * Their Z_PACKET_FLUSH, which zlib lost on its way into the world, is Z_SYNC_FLUSH without the
 * last four octets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LONGEST = 4096 };
static unsigned char plain[LONGEST], packed[2 * LONGEST];
static char line[4 * LONGEST];

static void fail(const char *why) { fprintf(stderr, "zlib: %s\n", why); exit(1); }

static size_t unhex(const char *s, unsigned char *to)
{
	size_t n = 0;
	for (unsigned c; sscanf(s, "%2x", &c) == 1; s += 2)
		to[n++] = c;
	return n;
}

static void print(const char *kind, const unsigned char *b, size_t n)
{
	fputs(kind, stdout);
	while (n--)
		printf("%02x", *b++);
	putchar('\n');
	fflush(stdout);
}

static void compress_all(int window)
{
	z_stream z = {0};
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		fail("deflateInit2");
	for (unsigned seq = 0; fgets(line, sizeof line, stdin); seq++) {
		z.next_in = plain;
		z.avail_in = unhex(line, plain);
		size_t n = z.avail_in;
		packed[0] = seq >> 8, packed[1] = seq;
		z.next_out = packed + 2;
		z.avail_out = sizeof packed - 2;
		if (deflate(&z, Z_SYNC_FLUSH) != Z_OK || z.avail_in || memcmp(z.next_out - 4, "\0\0\377\377", 4))
			fail("deflate");
		size_t m = z.next_out - packed - 4;
		m < n - 1 ? print("c ", packed, m) : print("n ", plain, n);
	}
}

static void feed(z_stream *z, unsigned char *b, size_t n)
{
	z->next_in = b;
	z->avail_in = n;
	int r = inflate(z, Z_SYNC_FLUSH);
	if (r != Z_OK && r != Z_BUF_ERROR || z->avail_in)
		fail(z->msg ? z->msg : "inflate");
}

static void inflate_all(int window)
{
	z_stream z = {0};
	if (inflateInit2(&z, -window) != Z_OK)
		fail("inflateInit2");
	for (unsigned seq = 0; fgets(line, sizeof line, stdin); seq++) {
		size_t n = unhex(line + 2, packed);
		z.next_out = plain;
		z.avail_out = sizeof plain;
		if (line[0] == 'c') {
			if (n < 2 || packed[0] != (seq >> 8 & 255) || packed[1] != (seq & 255))
				fail("Sequence");
			feed(&z, packed + 2, n - 2);
			feed(&z, (unsigned char *)"\0\0\377\377", 4);
		} else { /* a stored block */
			unsigned char head[5] = {0, n, n >> 8, ~n, ~n >> 8};
			feed(&z, head, 5);
			feed(&z, packed, n);
		}
		print("", plain, z.next_out - plain);
	}
}

int main(int argc, char **argv)
{
	int window = argc == 3 ? atoi(argv[2]) : 0;
	if (window < 8 || window > 15)
		fail("compress or inflate, and a window of 8 to 15 bits");
	strcmp(argv[1], "compress") ? inflate_all(window) : compress_all(window);
	return 0;
}
