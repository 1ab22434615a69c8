// plusplus.cc - the headers and the library serve C++ programs as they are.
#include <kbus.h>

#include <cstdlib>
#include <cstring>

int main()
{
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	kbus_message_t *msg = nullptr;
	kbus_msg_id_t id = { 0, 0 };

	if (ksock < 0 || kbus_ksock_bind(ksock, "$.Fred", 0) < 0)
		return 1;
	if (kbus_msg_create(&msg, "$.Fred", 6, "data", 4, KBUS_BIT_URGENT) < 0 || kbus_ksock_send_msg(ksock, msg, &id) < 0)
		return 2;
	kbus_msg_delete(&msg);
	if (kbus_ksock_read_next_msg(ksock, &msg) < 0 || msg == nullptr || std::memcmp(kbus_msg_data_ptr(msg), "data", 4) != 0)
		return 3;
	kbus_msg_delete(&msg);
	return kbus_ksock_close(ksock);
}
