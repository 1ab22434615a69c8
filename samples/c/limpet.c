/* A Limpet: joins a bus to the bus of another Limpet, by TCP or a Unix socket.
 *
 * Run it:   samples/run-c samples/c/limpet.c -s ADDRESS [-id N] [-k BUS] [-m NAME]
 *           samples/run-c samples/c/limpet.c -c ADDRESS [-id N] [-k BUS] [-m NAME]
 *
 * -s listens at ADDRESS (HOST:PORT, or the path of a Unix socket), -c connects to it. The two need different numbers N.
 * It trusts its peer and waits for it when it writes; `kbus limpet` is the one to use where that is not enough.
 */
#include <limpet.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST_DATA (64 * 1024 * 1024)

static int failed(const char *what)
{
	fprintf(stderr, "limpet: %s\n", what);
	return -1;
}

static int failed_on_bus(const char *what)
{
	fprintf(stderr, "limpet: cannot %s: %s\n", what, kbus_last_error());
	return -1;
}

/* The connection */

static int serve(int listener)
{
	int peer;

	printf("Listening.\n");
	fflush(stdout);
	peer = accept(listener, NULL, NULL);
	close(listener);
	return peer;
}

static int join_unix(const char *path, int is_server)
{
	struct sockaddr_un place = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;

	if (strlen(path) >= sizeof(place.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(place.sun_path, path);
	if (!is_server)
		return connect(s, (struct sockaddr *)&place, sizeof(place)) == 0 ? s : -1;
	if (bind(s, (struct sockaddr *)&place, sizeof(place)) != 0 || listen(s, 1) != 0)
		return -1;
	peer = serve(s);
	unlink(path);
	return peer;
}

static int join_tcp(const char *address, const char *colon, int is_server)
{
	struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *places;
	char host[256];
	int s = -1, yes = 1;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (getaddrinfo(host, colon + 1, &wanted, &places) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	for (struct addrinfo *place = places; place != NULL && s < 0; place = place->ai_next) {
		s = socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC, place->ai_protocol);
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (is_server ? bind(s, place->ai_addr, place->ai_addrlen) != 0 || listen(s, 1) != 0
			      : connect(s, place->ai_addr, place->ai_addrlen) != 0) {
			close(s);
			s = -1;
		}
	}
	freeaddrinfo(places);
	return is_server && s >= 0 ? serve(s) : s;
}

static int write_all(int peer, const void *bytes, size_t count)
{
	const char *next = bytes;

	while (count > 0) {
		ssize_t written = send(peer, next, count, MSG_NOSIGNAL);

		if (written <= 0)
			return failed("the other Limpet has gone away");
		next += written;
		count -= (size_t)written;
	}
	return 0;
}

static int read_all(int peer, void *bytes, size_t count)
{
	if (recv(peer, bytes, count, MSG_WAITALL) != (ssize_t)count)
		return failed("the other Limpet has gone away");
	return 0;
}

static int greet(int peer, uint32_t id, uint32_t *other_id)
{
	uint32_t network_id = htonl(id);
	char greeting[8] = "HELO";

	memcpy(greeting + 4, &network_id, 4);
	if (write_all(peer, greeting, 8) < 0 || read_all(peer, greeting, 8) < 0)
		return -1;
	if (memcmp(greeting, "HELO", 4) != 0)
		return failed("that is no Limpet");
	memcpy(&network_id, greeting + 4, 4);
	*other_id = ntohl(network_id);
	return *other_id != 0 && *other_id != id ? 0 : failed("the two Limpets need different network ids");
}

/* Messages on the wire */

static int is_bind_event(const kbus_message_t *msg)
{
	const size_t length = strlen(KBUS_MSG_NAME_REPLIER_BIND_EVENT);

	return msg->name_len == length && memcmp(kbus_msg_name_ptr(msg), KBUS_MSG_NAME_REPLIER_BIND_EVENT, length) == 0;
}

/* What follows an entire message's header in memory, follows it on the wire: padded name, padded data, guard. */
static size_t rest_length(const kbus_message_t *header)
{
	return KBUS_ENTIRE_MSG_LEN(header->name_len, header->data_len) - sizeof(*header);
}

static int write_to_peer(int peer, kbus_message_t *msg)
{
	uint32_t words[KBUS_SERIALISED_HDR_LEN];
	kbus_entire_message_t *entire = (kbus_entire_message_t *)msg;

	kbus_serialise_message_header(msg, words);
	if (is_bind_event(msg))
		kbus_limpet_ReplierBindEvent_hton(msg);
	*kbus_msg_end_ptr(entire) = htonl(KBUS_MSG_END_GUARD);
	return write_all(peer, words, sizeof(words)) < 0 ? -1 : write_all(peer, entire->rest, rest_length(msg));
}

static int read_from_peer(int peer, kbus_message_t **msg)
{
	uint32_t words[KBUS_SERIALISED_HDR_LEN], *guard;
	kbus_message_t header;

	if (read_all(peer, words, sizeof(words)) < 0)
		return -1;
	kbus_unserialise_message_header(words, &header);
	if (header.start_guard != KBUS_MSG_START_GUARD || header.end_guard != KBUS_MSG_END_GUARD || header.name_len == 0 ||
	    header.name_len > KBUS_MAX_NAME_LEN || header.data_len > MOST_DATA)
		return failed("the other Limpet sent nonsense");
	*msg = malloc(KBUS_ENTIRE_MSG_LEN(header.name_len, header.data_len));
	if (*msg == NULL)
		return failed("there is no memory");
	**msg = header;
	guard = kbus_msg_end_ptr((kbus_entire_message_t *)*msg);
	if (read_all(peer, ((kbus_entire_message_t *)*msg)->rest, rest_length(&header)) < 0)
		return -1;
	*guard = ntohl(*guard);
	if (*guard != KBUS_MSG_END_GUARD)
		return failed("the other Limpet sent nonsense");
	if (is_bind_event(*msg))
		kbus_limpet_ReplierBindEvent_ntoh(*msg);
	return 0;
}

/* The two directions */

static int from_bus(kbus_ksock_t ksock, int peer, kbus_limpet_context_t *context)
{
	kbus_message_t *msg;
	int result = kbus_ksock_read_next_msg(ksock, &msg);

	if (result < 0)
		return failed_on_bus("read");
	if (msg == NULL)
		return 0;
	result = kbus_limpet_amend_msg_from_kbus(context, msg);
	if (result < 0)
		failed_on_bus("carry a message");
	else if (result == 0)
		result = write_to_peer(peer, msg);
	kbus_msg_delete(&msg);
	return result < 0 ? -1 : 0;
}

static int from_peer(kbus_ksock_t ksock, int peer, kbus_limpet_context_t *context)
{
	kbus_message_t *msg = NULL, *error = NULL;
	int result = read_from_peer(peer, &msg);

	if (result == 0) {
		result = kbus_limpet_amend_msg_to_kbus(context, msg, &error);
		if (result < 0)
			failed_on_bus("carry a message");
	}
	if (result == 0) {
		result = kbus_ksock_send_msg(ksock, msg, NULL);
		if (result < 0)
			result = kbus_limpet_could_not_send_to_kbus_msg(context, msg, result, &error);
	}
	if (error != NULL)
		result = write_to_peer(peer, error);
	kbus_msg_delete(&error);
	kbus_msg_delete(&msg);
	return result < 0 ? -1 : 0;
}

static int carry(kbus_ksock_t ksock, int peer, kbus_limpet_context_t *context)
{
	for (;;) {
		fd_set readable;

		FD_ZERO(&readable);
		FD_SET(ksock, &readable);
		FD_SET(peer, &readable);
		if (select((ksock > peer ? ksock : peer) + 1, &readable, NULL, NULL, NULL) < 0)
			return failed("cannot wait");
		if (FD_ISSET(ksock, &readable) && from_bus(ksock, peer, context) < 0)
			return -1;
		if (FD_ISSET(peer, &readable) && from_peer(ksock, peer, context) < 0)
			return -1;
	}
}

int main(int argc, char **argv)
{
	const char *address = NULL, *name = "$.*", *colon;
	uint32_t id = 0, other_id, bus = 0;
	int is_server = 0, peer, result;
	kbus_ksock_t ksock;
	kbus_limpet_context_t *context;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "-c") == 0) {
			is_server = argv[i][1] == 's';
			address = argv[i + 1];
		} else if (strcmp(argv[i], "-id") == 0) {
			id = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "-k") == 0) {
			bus = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "-m") == 0) {
			name = argv[i + 1];
		}
	}
	if (address == NULL) {
		fprintf(stderr, "usage: limpet -s|-c ADDRESS [-id N] [-k BUS] [-m NAME]\n");
		return 1;
	}
	id = id != 0 ? id : is_server ? 2 : 1;

	colon = strrchr(address, ':');
	peer = colon ? join_tcp(address, colon, is_server) : join_unix(address, is_server);
	if (peer < 0) {
		perror("limpet");
		return 1;
	}
	if (greet(peer, id, &other_id) < 0)
		return 1;

	ksock = kbus_ksock_open(bus, O_RDWR);
	result = ksock < 0 ? ksock : kbus_limpet_new_context(ksock, id, other_id, name, 1, &context);
	if (result < 0) {
		failed_on_bus("open");
		return 1;
	}
	printf("Linked with Limpet %u.\n", other_id);
	fflush(stdout);

	/* It comes back when the link has ended. Closing the Ksock makes the bus answer whoever still waits for the peer. */
	carry(ksock, peer, context);
	kbus_ksock_close(ksock);
	kbus_limpet_free_context(&context);
	close(peer);
	return 1;
}
