/*
 * D-Bus by libsystemd's sd-bus, against dbus-broker and dbus-daemon alike. Requests are method calls, announcements are signals, credits are
 * signals addressed to the announcer. Data goes in the message, as an array of bytes.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <systemd/sd-bus.h>

#define PATH "/kbus/bench"
#define INTERFACE "kbus.bench"
#define REPLIER "kbus.bench.Replier"
#define ANNOUNCER "kbus.bench.Announcer"

static sd_bus *bus;
static sd_bus_message *heard;
static const void *heard_data;
static size_t heard_size;
static int unflushed;

static int check(int result, const char *what)
{
    if (result < 0)
        fail(what, strerror(-result));
    return result;
}

static int answer(sd_bus_message *request, void *closure, sd_bus_error *error)
{
    (void)closure;
    (void)error;
    const void *data;
    size_t size;
    sd_bus_message *reply = NULL;
    check(sd_bus_message_read_array(request, 'y', &data, &size), "sd_bus_message_read_array");
    check(sd_bus_message_new_method_return(request, &reply), "sd_bus_message_new_method_return");
    check(sd_bus_message_append_array(reply, 'y', data, size), "sd_bus_message_append_array");
    check(sd_bus_send(bus, reply, NULL), "sd_bus_send");
    sd_bus_message_unref(reply);
    return 1;
}

static int keep(sd_bus_message *signal, void *closure, sd_bus_error *error)
{
    (void)closure;
    (void)error;
    check(sd_bus_message_read_array(signal, 'y', &heard_data, &heard_size), "sd_bus_message_read_array");
    heard = sd_bus_message_ref(signal);
    return 1;
}

static const sd_bus_vtable Replier[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Ask", "ay", "ay", answer, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static void peer_open(const struct run *run)
{
    check(sd_bus_new(&bus), "sd_bus_new");
    check(sd_bus_set_address(bus, run->address), "sd_bus_set_address");
    check(sd_bus_set_bus_client(bus, true), "sd_bus_set_bus_client");
    check(sd_bus_start(bus), "sd_bus_start");
    if (strcmp(run->role, "echo") == 0) {
        check(sd_bus_add_object_vtable(bus, NULL, PATH, INTERFACE, Replier, NULL), "sd_bus_add_object_vtable");
        check(sd_bus_request_name(bus, of_pair(run, REPLIER), 0), "sd_bus_request_name");
    } else if (strcmp(run->role, "hear") == 0) {
        check(sd_bus_match_signal(bus, NULL, NULL, PATH, INTERFACE, "Tell", keep, NULL), "sd_bus_match_signal");
    } else if (strcmp(run->role, "tell") == 0) {
        check(sd_bus_match_signal(bus, NULL, NULL, PATH, INTERFACE, "Heard", keep, NULL), "sd_bus_match_signal");
        check(sd_bus_request_name(bus, ANNOUNCER, 0), "sd_bus_request_name");
    }
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;) {
        if (check(sd_bus_process(bus, NULL), "sd_bus_process") == 0)
            check(sd_bus_wait(bus, UINT64_MAX), "sd_bus_wait");
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    sd_bus_message *request = NULL, *reply = NULL;
    const void *answered;
    size_t size;
    check(sd_bus_message_new_method_call(bus, &request, of_pair(run, REPLIER), PATH, INTERFACE, "Ask"), "sd_bus_message_new_method_call");
    check(sd_bus_message_append_array(request, 'y', data, (size_t)run->size), "sd_bus_message_append_array");
    check(sd_bus_call(bus, request, 10000000, NULL, &reply), "sd_bus_call");
    check(sd_bus_message_read_array(reply, 'y', &answered, &size), "sd_bus_message_read_array");
    sd_bus_message_unref(request);
    sd_bus_message_unref(reply);
}

static void send_signal(const char *member, const char *destination, const void *data, size_t size)
{
    sd_bus_message *signal = NULL;
    check(sd_bus_message_new_signal(bus, &signal, PATH, INTERFACE, member), "sd_bus_message_new_signal");
    if (destination != NULL)
        check(sd_bus_message_set_destination(signal, destination), "sd_bus_message_set_destination");
    check(sd_bus_message_append_array(signal, 'y', data, size), "sd_bus_message_append_array");
    check(sd_bus_send(bus, signal, NULL), "sd_bus_send");
    sd_bus_message_unref(signal);
}

static void peer_flush(const struct run *run)
{
    (void)run;
    check(sd_bus_flush(bus), "sd_bus_flush");
    unflushed = 0;
}

static void peer_tell(const struct run *run, const void *data)
{
    send_signal("Tell", NULL, data, (size_t)run->size);
    if (++unflushed == 64)
        peer_flush(run);
}

/* Waits for the next signal that keep() was matched with; ms below 0 waits for ever. */
static bool next_signal(int ms)
{
    int64_t end = now_ns() + ms * 1000000ll;
    heard = sd_bus_message_unref(heard);
    while (heard == NULL) {
        if (check(sd_bus_process(bus, NULL), "sd_bus_process") > 0)
            continue;
        int64_t left = end - now_ns();
        if (ms >= 0 && left <= 0)
            return false;
        check(sd_bus_wait(bus, ms < 0 ? UINT64_MAX : (uint64_t)left / 1000 + 1), "sd_bus_wait");
    }
    return true;
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    if (!next_signal(ms))
        return false;
    memcpy(c, heard_data, sizeof *c);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    next_signal(-1);
    *size = heard_size;
    return heard_data;
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    (void)run;
    send_signal("Heard", ANNOUNCER, c, sizeof *c);
    check(sd_bus_flush(bus), "sd_bus_flush");
}
