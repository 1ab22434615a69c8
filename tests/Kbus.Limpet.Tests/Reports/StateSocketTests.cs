using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kbus.Limpets.Tests;

/// <summary>The socket at which a Limpet reports its state.</summary>
public sealed class StateSocketTests : IDisposable
{
    private static readonly LimpetReport Report = new() { Address = LimpetAddress.Parse("127.0.0.1:1"), NetworkId = 5 };
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kbus-state-");
    private readonly List<string> _told = [];
    private readonly Socket _control = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public StateSocketTests()
    {
        _control.Bind(new UnixDomainSocketEndPoint(In("control")));
        File.SetUnixFileMode(In("control"), (UnixFileMode)0b110_110_110);
    }

    private string OwnPath => In($"limpet-{Environment.ProcessId}");

    public void Dispose()
    {
        _control.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void It_answers_the_question_and_is_gone_at_the_end()
    {
        using (StateSocket socket = Open())
        {
            Assert.Equal(OwnPath, socket.Path);
            using JsonDocument document = JsonDocument.Parse(Ask("status\n"));
            Assert.Equal(5, document.RootElement.GetProperty("network_id").GetInt32());
        }

        Assert.Equal(["control"], Names());
        Assert.Empty(_told);
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("status")]
    [InlineData("statusstatusstatusstatusstatusstatusstatusstatusstatusstatusstatusstatus\n")]
    [InlineData("")]
    public void Any_other_question_is_answered_with_an_error_and_the_next_one_as_ever(string question)
    {
        using StateSocket socket = Open();
        Assert.Equal("{\"error\":\"only the question 'status' is known here\"}", Ask(question));
        Assert.StartsWith("{\"kbus_limpet\":1", Ask("status\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_connects_and_says_nothing_keeps_nobody_from_an_answer()
    {
        using StateSocket socket = Open();
        List<Socket> silent = [.. Enumerable.Range(0, 20).Select(_ => Connect())];
        Assert.StartsWith("{\"kbus_limpet\":1", Ask("status\n"), StringComparison.Ordinal);
        silent.ForEach(s => s.Dispose());
    }

    [Theory]
    [InlineData(0b110_110_110, 0b110_110_000)]
    [InlineData(0b110_000_000, 0b110_000_000)]
    [InlineData(0b111_100_111, 0b110_100_000)]
    public void Its_permissions_are_those_of_the_bus_and_none_for_others(int control, int own)
    {
        File.SetUnixFileMode(In("control"), (UnixFileMode)control);
        using StateSocket socket = Open();
        Assert.Equal((UnixFileMode)own, File.GetUnixFileMode(OwnPath));
    }

    [Fact]
    public void What_dead_Limpets_left_is_removed_and_what_living_ones_and_others_have_stays()
    {
        Bind("limpet-99999991", listens: false);
        using Socket living = Bind("limpet-99999992", listens: true);
        File.WriteAllText(In("limpet-99999993"), "a file");
        using StateSocket socket = Open();
        Assert.Equal(["control", $"limpet-{Environment.ProcessId}", "limpet-99999992", "limpet-99999993"], Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_removed_is_made_again_and_a_second_one_in_one_process_has_another_name()
    {
        using StateSocket socket = Open();
        using StateSocket second = Open();
        Assert.Equal(OwnPath + "-2", second.Path);
        File.Delete(OwnPath);
        socket.Ensure();
        Assert.StartsWith("{\"kbus_limpet\":1", Ask("status\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void As_long_as_there_is_no_bus_it_waits_and_then_it_is_there()
    {
        string later = In("later");
        using var socket = new StateSocket([later], () => Report, Options());
        Assert.Null(socket.Path);
        Directory.CreateDirectory(later);
        File.WriteAllText(Path.Join(later, "control"), "");
        socket.Ensure();
        Assert.Equal(Path.Join(later, $"limpet-{Environment.ProcessId}"), socket.Path);
        Assert.Empty(_told);
    }

    [Fact]
    public void Where_it_cannot_be_made_the_reason_is_told_once_and_the_next_place_is_tried()
    {
        string tooLong = In(new string('d', 100));
        Directory.CreateDirectory(tooLong);
        File.WriteAllText(Path.Join(tooLong, "control"), "");
        using (var socket = new StateSocket([tooLong], () => Report, Options()))
        {
            socket.Ensure();
            Assert.Null(socket.Path);
        }

        Assert.Contains($"in {tooLong} no socket can be made, ENAMETOOLONG", Assert.Single(_told), StringComparison.Ordinal);
        using var other = new StateSocket([tooLong, _directory.FullName], () => Report, Options());
        Assert.Equal(OwnPath, other.Path);
    }

    [Fact]
    public void A_fault_in_a_report_costs_that_answer_alone()
    {
        bool isBad = true;
        using var socket = new StateSocket([_directory.FullName], () => isBad ? throw new InvalidOperationException("broken") : Report, Options());
        Assert.Equal("", Ask("status\n"));
        isBad = false;
        Assert.StartsWith("{\"kbus_limpet\":1", Ask("status\n"), StringComparison.Ordinal);
        Assert.Contains("Please report this: System.InvalidOperationException: broken", Assert.Single(_told), StringComparison.Ordinal);
    }

    private StateSocket Open() => new([_directory.FullName], () => Report, Options());

    private LimpetOptions Options() => new() { Tell = _told.Add };

    private string In(string name) => Path.Join(_directory.FullName, name);

    private IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(_directory.FullName).Select(p => Path.GetFileName(p)!);

    private Socket Bind(string name, bool listens)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(In("elsewhere")));
        socket.Listen();

        // The framework removes the name that it has bound when the socket is closed, and not another.
        File.Move(In("elsewhere"), In(name));
        if (!listens)
        {
            socket.Dispose();
        }

        return socket;
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 120_000 };
        socket.Connect(new UnixDomainSocketEndPoint(OwnPath));
        return socket;
    }

    private string Ask(string question)
    {
        using Socket socket = Connect();
        using var stream = new StreamReader(new NetworkStream(socket));
        socket.Send(Encoding.ASCII.GetBytes(question));
        socket.Shutdown(SocketShutdown.Send);
        return stream.ReadToEnd();
    }
}
