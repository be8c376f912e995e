/* A plugin of pppd 2.4.9: whoever makes the file /tmp/again has pppd begin its LCP
 * anew, and all that stands on it. No signal and no option of pppd's does that. What
 * it sends and how it goes on is pppd's own. */
#include <stdbool.h>
#include <unistd.h>

char pppd_version[] = "2.4.9"; /* it loads no plugin of another */

/* Of pppd's; the automaton of LCP is opaque here. */
extern char lcp_fsm[];
void fsm_lowerdown(void *automaton);
void fsm_lowerup(void *automaton);
void timeout(void (*f)(void *), void *arg, int seconds, int microseconds);
extern struct {
	bool bsd, deflate, predictor_1, predictor_2, deflate_correct, deflate_draft, mppe;
	unsigned short bsd_bits, deflate_bits;
	short method;
} ccp_gotoptions[];

static void look(void *arg)
{
	if (unlink("/tmp/again") == 0) {
		/* Else it would end the link: it knows of encryption that goes only that
		 * the link has to go with it. */
		ccp_gotoptions[0].mppe = false;
		fsm_lowerdown(lcp_fsm);
		fsm_lowerup(lcp_fsm);
	}
	timeout(look, arg, 0, 100000);
}

void plugin_init(void)
{
	look(NULL);
}
