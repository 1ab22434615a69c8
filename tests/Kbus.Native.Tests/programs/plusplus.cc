// plusplus.cc - the headers and the library serve C++ programs as they are, whatever the standard.
#include <limpet.h>
#include <kbus.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

// An owner of a message, as a C++ program would have one.
class Owned {
public:
	explicit Owned(kbus_message_t *msg) : msg_(msg) {}
	~Owned() { kbus_msg_delete(&msg_); }
	const kbus_message_t *get() const { return msg_; }
	std::string name() const { return std::string(kbus_msg_name_ptr(msg_), msg_->name_len); }
	std::vector<char> data() const
	{
		const char *first = static_cast<const char *>(kbus_msg_data_ptr(msg_));
		return std::vector<char>(first, first + msg_->data_len);
	}

private:
	Owned(const Owned &);
	Owned &operator=(const Owned &);
	kbus_message_t *msg_;
};

int send(kbus_ksock_t ksock, const std::string &name, const std::vector<char> &data, kbus_msg_id_t *id)
{
	kbus_message_t *msg = NULL;
	int result = kbus_msg_create(&msg, name.data(), static_cast<uint32_t>(name.size()), data.empty() ? NULL : &data[0],
				     static_cast<uint32_t>(data.size()), KBUS_BIT_URGENT);
	Owned owned(msg);

	return result < 0 ? result : kbus_ksock_send_msg(ksock, msg, id);
}

} // namespace

int main()
{
	const std::vector<char> data(50000, 'x');
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	kbus_message_t *msg = NULL;
	kbus_msg_id_t id = { 0, 0 };

	if (ksock < 0 || kbus_ksock_bind(ksock, "$.Fred", 0) < 0)
		return 1;
	if (send(ksock, "$.Fred", data, &id) < 0 || id.serial_num != 1)
		return 2;
	if (kbus_ksock_read_next_msg(ksock, &msg) < 0 || msg == NULL)
		return 3;
	{
		const Owned heard(msg);

		if (heard.name() != "$.Fred" || heard.data() != data || kbus_msg_compare_ids(&heard.get()->id, &id) != 0)
			return 4;
	}
	return kbus_ksock_close(ksock);
}
