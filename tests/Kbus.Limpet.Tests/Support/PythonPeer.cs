using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kbus.Limpets.Tests;

/// <summary>The second Limpet, peer/limpet_peer.py, in a process of its own.</summary>
internal sealed class PythonPeer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly Process _process;

    public PythonPeer()
    {
        var start = new ProcessStartInfo("python3", ["-u", Path.Join(AppContext.BaseDirectory, "peer", "limpet_peer.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    /// <summary>Joins it to a Limpet of ours, which is server or client, over TCP or a Unix socket. The Limpet has network id 1, the peer 2.</summary>
    public async Task<IAsyncDisposable> Link(LimpetOptions options, bool isOurServer, bool isTcp)
    {
        LimpetAddress address = isTcp ? Served.AnyPort() : Served.NewPath();
        var linked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        options = options with { Linked = _ => linked.TrySetResult() };
        IAsyncDisposable link;
        if (isOurServer)
        {
            Served server = await Served.At(address, options);
            link = server;
            Do(new { @do = "connect", address = $"{server.Address}" });
        }
        else
        {
            string place = Do(new { @do = "listen", address = $"{address}" })["address"]!.GetValue<string>();
            link = new Calling(new LimpetClient(LimpetAddress.Parse(place), options, Served.Plain));
            Do(new { @do = "accept", address = place });
        }

        Assert.Equal(1, Do(new { @do = "greet", id = 2 })["id"]!.GetValue<int>());

        // Ours greets before it hears the bus; what is sent on the bus before then is not for the peer.
        await linked.Task.WaitAsync(Limit);
        return link;
    }

    /// <summary>Gives a command and takes its answer, which must be no error.</summary>
    public JsonNode Do(object command)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(command));
        _process.StandardInput.Flush();
        Task<string?> answering = _process.StandardOutput.ReadLineAsync();
        Assert.True(Task.WaitAny([answering], Limit) == 0, "the peer says nothing");
        string line = answering.GetAwaiter().GetResult() ?? throw new InvalidOperationException("The peer has died.");
        JsonNode answer = JsonNode.Parse(line)!;
        Assert.True(answer["error"] is null, $"{answer["error"]}");
        return answer;
    }

    /// <summary>Has the toy bus do something.</summary>
    public JsonNode Bus(string what, params object?[] with) => Do(new { @do = "bus", what, with });

    /// <summary>The next messages must be these, byte for byte.</summary>
    public void Expect(params object[] messages) => Do(new { @do = "expect", messages });

    /// <summary>Sends messages.</summary>
    public void Send(params object[] messages) => Do(new { @do = "send", messages });

    /// <summary>Sends messages in pieces of so many bytes.</summary>
    public void SendInPieces(int piece, params object[] messages) => Do(new { @do = "send", messages, piece });

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private sealed class Calling : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task<LimpetEnding> _running;

        public Calling(LimpetClient client) => _running = client.RunAsync(cancellationToken: _stopping.Token);

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await _running.WaitAsync(Limit);
            _stopping.Dispose();
        }
    }
}
