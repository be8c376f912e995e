/* The octet loop that PPP daemons use: FCS-16 by table and escapes by
 * comparison, an octet at a time (RFC 1662).
 *
 *     hdlc encode|decode ACCM FILE
 *
 * FILE holds payloads of SIZE octets. Prints MB/s of payload by CPU time and
 * the FNV-1a hash of all frames as they go on the line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE = 1500, MAX = 64, FLAG = 0x7e, ESCAPE = 0x7d, INIT = 0xffff, GOOD = 0xf0b8 };

static uint16_t table[256];
static uint8_t payload[MAX][SIZE], line[MAX][2 * SIZE + 8], out[2 * SIZE + 8];
static int length[MAX];
static uint32_t accm;

static uint8_t *put(uint8_t *o, uint8_t c) {
	if ((c < 0x20 && accm >> c & 1) || c == FLAG || c == ESCAPE) {
		*o++ = ESCAPE;
		c ^= 0x20;
	}
	*o++ = c;
	return o;
}

static int encode(const uint8_t *p, int n, uint8_t *to) {
	uint8_t *o = to;
	uint16_t fcs = INIT;
	*o++ = FLAG;
	for (int i = 0; i < n; i++) {
		fcs = fcs >> 8 ^ table[(fcs ^ p[i]) & 0xff];
		o = put(o, p[i]);
	}
	fcs ^= 0xffff;
	o = put(o, fcs & 0xff);
	o = put(o, fcs >> 8);
	*o++ = FLAG;
	return o - to;
}

/* decode returns the length of the last good frame in p. */
static int decode(const uint8_t *p, int n, uint8_t *to) {
	uint16_t fcs = INIT;
	int escaped = 0, len = 0, good = 0;
	for (int i = 0; i < n; i++) {
		uint8_t c = p[i];
		if (c == FLAG) {
			if (len >= 4 && fcs == GOOD && !escaped)
				good = len - 2;
			len = escaped = 0;
			fcs = INIT;
		} else if (c == ESCAPE) {
			escaped = 1;
		} else if (c < 0x20 && accm >> c & 1) {
			continue;
		} else {
			if (escaped) {
				c ^= 0x20;
				escaped = 0;
			}
			fcs = fcs >> 8 ^ table[(fcs ^ c) & 0xff];
			to[len++] = c;
		}
	}
	return good;
}

static double cpu(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
	if (argc != 4)
		return 2;
	int encoding = !strcmp(argv[1], "encode");
	accm = strtoul(argv[2], 0, 0);
	for (int c = 0; c < 256; c++) {
		uint16_t v = c;
		for (int k = 0; k < 8; k++)
			v = v & 1 ? v >> 1 ^ 0x8408 : v >> 1;
		table[c] = v;
	}
	FILE *f = fopen(argv[3], "r");
	int frames = f ? fread(payload, SIZE, MAX, f) : 0;
	uint64_t hash = 14695981039346656037u;
	for (int k = 0; k < frames; k++) {
		length[k] = encode(payload[k], SIZE, line[k]);
		for (int i = 0; i < length[k]; i++)
			hash = (hash ^ line[k][i]) * 1099511628211u;
		if (decode(line[k], length[k], out) != SIZE || memcmp(out, payload[k], SIZE))
			return fputs("decoded wrongly\n", stderr), 1;
	}
	if (frames == 0)
		return fputs("no payload\n", stderr), 1;
	volatile int sink;
	long octets = 0;
	double start = cpu(), took;
	do {
		for (int k = 0; k < frames; k++) {
			if (encoding)
				sink = encode(payload[k], SIZE, out);
			else
				sink = decode(line[k], length[k], out);
		}
		octets += (long)frames * SIZE;
		took = cpu() - start;
	} while (took < 0.2);
	(void)sink;
	printf("%f %016llx\n", octets / took / 1e6, (unsigned long long)hash);
	return 0;
}
