using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Kbus.Replay;

/// <summary>Traces through a library of another language: a program of that language, the driver, carries out one operation for each line.</summary>
/// <remarks>
/// A line is the name of the operation, the handle and the arguments, bytes in hex (<c>-</c> for none). The driver answers <c>ok</c> and
/// values, or <c>errno</c>, its number, and values that were given all the same. <c>drivers/driver.c</c> is the model for others.
/// </remarks>
internal sealed class DriverHost : ITraceHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly DaemonProcess _daemon;
    private readonly Process _driver;
    private readonly HashSet<int> _open = [];

    /// <summary>Starts a daemon with the limits of a trace, and the driver on its buses.</summary>
    public DriverHost(TraceMeta meta, ProcessStartInfo driver)
    {
        _daemon = DaemonProcess.Start([.. meta.DaemonOptions]);
        driver.RedirectStandardInput = true;
        driver.RedirectStandardOutput = true;
        driver.Environment["KBUS_RUNTIME_DIR"] = _daemon.Directory;
        driver.Environment["KBUS_AUTOSTART"] = "0";
        _driver = Process.Start(driver) ?? throw new InvalidOperationException("The driver could not be started.");
    }

    public HostResult<uint> Open(int handle, uint bus, string mode)
    {
        HostResult<uint> result = Number($"open {handle} {bus} {mode}");
        if (result.Errno == Errno.None)
        {
            _open.Add(handle);
        }

        return result;
    }

    public Errno Close(int handle)
    {
        _open.Remove(handle);
        return Ask($"close {handle}").Errno;
    }

    public Errno Bind(int handle, byte[] name, uint replier) => Ask($"bind {handle} {Hex(name)} {replier}").Errno;

    public Errno Unbind(int handle, byte[] name, uint replier) => Ask($"unbind {handle} {Hex(name)} {replier}").Errno;

    public HostResult<uint> KsockId(int handle) => Number($"ksock_id {handle}");

    public HostResult<FoundReplier> FindReplier(int handle, byte[] name)
    {
        (Errno errno, string[] values) = Ask($"find_replier {handle} {Hex(name)}");
        return errno == Errno.None ? new FoundReplier(Unsigned(values[0]) == 0 ? 0 : 1, Unsigned(values[0])) : errno;
    }

    public HostResult<int> Write(int handle, byte[] bytes) => Length($"write {handle} {Hex(bytes)}");

    public HostResult<int> WritePointy(int handle, TraceMessage message) =>
        Length($"write_pointy {handle} {Hex(WireForm.Header(message))} {Hex(message.Name)} {Hex(message.Data)}");

    public SendResult Send(int handle)
    {
        (Errno errno, string[] values) = Ask($"send {handle}");
        return new SendResult(errno, errno is Errno.None or Errno.EAGAIN ? Id(values) : null);
    }

    public Errno Discard(int handle) => Ask($"discard {handle}").Errno;

    /// <summary>RESET does nothing, and no library has a function for it.</summary>
    public Errno Reset(int handle) => Errno.None;

    public HostResult<NextMessage> NextMsg(int handle)
    {
        (Errno errno, string[] values) = Ask($"next_msg {handle}");
        return errno == Errno.None ? new NextMessage((int)Unsigned(values[0]), Unsigned(values[1])) : errno;
    }

    public HostResult<byte[]> Read(int handle, int count)
    {
        (Errno errno, string[] values) = Ask($"read {handle} {count}");
        return errno == Errno.None ? Bytes(values[0]) : errno;
    }

    public HostResult<uint> LenLeft(int handle) => Number($"len_left {handle}");

    public HostResult<MessageId> LastSent(int handle)
    {
        (Errno errno, string[] values) = Ask($"last_sent {handle}");
        return errno == Errno.None ? Id(values) : errno;
    }

    public HostResult<uint> NumMsgs(int handle) => Number($"num_msgs {handle}");

    public HostResult<uint> UnrepliedTo(int handle) => Number($"unreplied_to {handle}");

    public HostResult<uint> MaxMsgs(int handle, uint value) => Number($"max_msgs {handle} {value}");

    public HostResult<uint> OnlyOnce(int handle, uint value) => Number($"only_once {handle} {value}");

    public HostResult<uint> ReportBinds(int handle, uint value) => Number($"report_binds {handle} {value}");

    public HostResult<uint> Verbose(int handle, uint value) => Number($"verbose {handle} {value}");

    public HostResult<uint> MaxMsgSize(int handle, uint value) => Number($"max_msg_size {handle} {value}");

    public HostResult<uint> NewDevice(int handle) => Number($"new_device {handle}");

    public HostResult<Readiness> Poll(int handle)
    {
        (Errno errno, string[] values) = Ask($"poll {handle}");
        return errno == Errno.None ? new Readiness(values[0] == "1", values[1] == "1") : errno;
    }

    public HostResult<IReadOnlyList<BindingLine>> ProcBindings()
    {
        (Errno errno, string[] values) = Ask("bindings");
        return errno == Errno.None
            ? Encoding.Latin1.GetString(Bytes(values[0])).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith('#')).Select(Binding).ToList()
            : errno;
    }

    public void Dispose()
    {
        foreach (int handle in _open)
        {
            _ = Ask($"close {handle}");
        }

        _driver.StandardInput.Close();
        if (!_driver.WaitForExit(Patience))
        {
            _driver.Kill();
        }

        _driver.Dispose();
        _daemon.Dispose();
    }

    private static BindingLine Binding(string line)
    {
        string[] parts = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
        return new BindingLine(Unsigned(parts[0]), Unsigned(parts[1]), parts[3] == "R", Encoding.Latin1.GetBytes(parts[4]));
    }

    private static MessageId Id(string[] values) => new(Unsigned(values[0]), Unsigned(values[1]));

    private static uint Unsigned(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    private static string Hex(byte[] bytes) => bytes.Length == 0 ? "-" : Convert.ToHexStringLower(bytes);

    private static byte[] Bytes(string hex) => hex == "-" ? [] : Convert.FromHexString(hex);

    private HostResult<uint> Number(string line)
    {
        (Errno errno, string[] values) = Ask(line);
        return errno == Errno.None ? Unsigned(values[0]) : errno;
    }

    private HostResult<int> Length(string line)
    {
        (Errno errno, string[] values) = Ask(line);
        return errno == Errno.None ? (int)Unsigned(values[0]) : errno;
    }

    private (Errno Errno, string[] Values) Ask(string line)
    {
        _driver.StandardInput.Write(line + "\n");
        _driver.StandardInput.Flush();
        string answer = _driver.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The driver ended at: {line}");
        string[] words = answer.Split(' ');
        return words[0] == "ok" ? (Errno.None, words[1..]) : ((Errno)int.Parse(words[1], CultureInfo.InvariantCulture), words[2..]);
    }
}
