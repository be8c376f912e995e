package pptp

type callCell struct {
	do   CallAction
	next CallState
}

type callRows [callStates][callEvents]callCell

// callTable is the four figures of RFC 2637 §3.2.3 and §3.2.4, and what they
// leave out: time-outs, and messages that peers send although only the other
// role may (a Call-Disconnect-Notify says all the same that the call is over, a
// Call-Clear-Request that the peer wants no more of it). A cell that is not
// there does nothing.
var callTable = [callKinds]callRows{
	IncomingPAC: { // §3.2.3.1
		CallIdle: {
			Begin: {SendRequest, WaitReply},
		},
		WaitReply: {
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			CallTimedOut:   {SendDisconnect | CallOver, CallIdle},
			RecvAccept:     {Accepted, Answering},
			RecvRefuse:     {CallOver, CallIdle},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
		Answering: {
			Connect:        {SendConnected | DataUp, CallEstablished},
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			RecvClear:      {TellClear, Clearing},
			RecvDisconnect: {CallOver, CallIdle},
			RecvLinkInfo:   {TellLinkInfo, Answering},
		},
		CallEstablished: {
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			RecvClear:      {TellClear, Clearing},
			RecvDisconnect: {CallOver, CallIdle},
			RecvLinkInfo:   {TellLinkInfo, CallEstablished},
		},
		Clearing: {
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			CallTimedOut:   {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
	},
	IncomingPNS: { // §3.2.3.2
		CallIdle: {
			RecvRequest: {Offered, Deciding},
		},
		Deciding: {
			Accept:         {SendReply, WaitConnect},
			Refuse:         {SendRefusal | CallOver, CallIdle},
			Terminate:      {SendRefusal | CallOver, CallIdle},
			CallTimedOut:   {SendRefusal | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
		WaitConnect: {
			Terminate:      {SendClear, WaitDisconnect},
			CallTimedOut:   {SendClear, WaitDisconnect},
			RecvConnected:  {DataUp, CallEstablished},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
		CallEstablished: {
			Terminate:      {SendClear, WaitDisconnect},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
			RecvErrors:     {TellErrors, CallEstablished},
		},
		WaitDisconnect: {
			CallTimedOut:   {CallOver, CallIdle},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
	},
	OutgoingPAC: { // §3.2.4.1
		CallIdle: {
			RecvRequest: {Offered, WaitAnswer},
		},
		WaitAnswer: {
			Refuse:         {SendRefusal | CallOver, CallIdle},
			Connect:        {SendReply | DataUp, CallEstablished},
			Terminate:      {SendRefusal | CallOver, CallIdle},
			CallTimedOut:   {SendRefusal | CallOver, CallIdle},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
		CallEstablished: {
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			RecvClear:      {TellClear, Clearing},
			RecvDisconnect: {CallOver, CallIdle},
			RecvLinkInfo:   {TellLinkInfo, CallEstablished},
		},
		Clearing: {
			Terminate:      {SendDisconnect | CallOver, CallIdle},
			CallTimedOut:   {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
	},
	OutgoingPNS: { // §3.2.4.2
		CallIdle: {
			Begin: {SendRequest, WaitReply},
		},
		WaitReply: {
			Terminate:      {SendClear, WaitDisconnect},
			CallTimedOut:   {SendClear, WaitDisconnect},
			RecvAccept:     {Accepted | DataUp, CallEstablished},
			RecvRefuse:     {CallOver, CallIdle},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
		CallEstablished: {
			Terminate:      {SendClear, WaitDisconnect},
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
			RecvErrors:     {TellErrors, CallEstablished},
		},
		WaitDisconnect: {
			CallTimedOut:   {CallOver, CallIdle},
			RecvRefuse:     {CallOver, CallIdle}, // it crossed our Call-Clear-Request: nothing is left to clear
			RecvClear:      {SendDisconnect | CallOver, CallIdle},
			RecvDisconnect: {CallOver, CallIdle},
		},
	},
}
