// Package rxstamp receives from a TCP connection and tells when what was received
// had come, by the kernel's stamp. A process that is busy, or waits for a
// processor, reads late; the stamp does not know of that.
//
// The stamp is SO_TIMESTAMPNS of Linux, in nanoseconds of the wall clock, and that
// of the last segment that a read has taken from (tcp_recvmsg in net/ipv4/tcp.c).
// The kernel may join a segment with the one before it that nobody has read yet:
// both have come with the later one then (tcp_try_coalesce in net/ipv4/tcp_input.c).
package rxstamp
