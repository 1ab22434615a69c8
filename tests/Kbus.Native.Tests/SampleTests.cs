using System.Diagnostics;
using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>The C programs in <c>samples/c</c> run with the one command that each of them names; and the program of docs/c.md works when pasted.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("listener.c")]
    [InlineData("replier.c")]
    [InlineData("sender.c")]
    [InlineData("two-buses.c")]
    [InlineData("limpet.c")]
    public void A_sample_names_its_command(string sample) =>
        Assert.Contains($"Run it:   samples/run-c samples/c/{sample}", File.ReadAllText(Sample(sample)), StringComparison.Ordinal);

    [Fact]
    public async Task Sender_listener_and_replier_find_each_other()
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Process listener = Start(daemon, "listener.c", "$.Actor.Speak", "1");
        Assert.Equal("Listening to $.Actor.Speak.", await listener.StandardOutput.ReadLineAsync());
        using Process replier = Start(daemon, "replier.c", "1");
        Assert.Equal("Replying to $.Actor.Ask.", await replier.StandardOutput.ReadLineAsync());
        using Process sender = Start(daemon, "sender.c");
        Assert.Equal(
            "Announced, as message 0:1.\n<Reply '$.Actor.Ask' id=[0:3] to=3 from=2 in_reply_to=[0:2] data=Yes, yes I was>\n",
            await sender.StandardOutput.ReadToEndAsync());
        Assert.Equal("<Announcement '$.Actor.Speak' id=[0:1] from=3 data=Hello there>\n", await listener.StandardOutput.ReadToEndAsync());
        foreach (Process process in new[] { sender, listener, replier })
        {
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public async Task A_select_loop_hears_two_buses()
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Process process = Start(daemon, "two-buses.c");
        string said = await process.StandardOutput.ReadToEndAsync();
        Assert.Equal(["first bus: rain", "second bus: snow", "second bus: wind"], said.Split('\n')[..3].Order());
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task The_program_of_the_document_works()
    {
        string[] blocks = File.ReadAllText(Path.Join(Checkout.Root, "docs", "c.md")).Split("```");
        string source = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}.c");
        string program = source[..^2];
        File.WriteAllText(source, blocks[1][1..]);
        CompiledLibrary.Find().Compile(source, program);
        CProgram.Ending ending = await CProgram.Run(program);
        File.Delete(source);
        File.Delete(program);
        CProgram.AssertWell(ending);
        Assert.EndsWith(ending.Output, blocks[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_of_the_document_says_something_useful_when_no_kbusd_is_there()
    {
        string[] blocks = File.ReadAllText(Path.Join(Checkout.Root, "docs", "c.md")).Split("```");
        string source = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}.c");
        string program = source[..^2];
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        File.WriteAllText(source, blocks[1][1..]);
        CompiledLibrary.Find().Compile(source, program);
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        start.Environment["KBUS_RUNTIME_DIR"] = directory;
        start.Environment["KBUS_AUTOSTART"] = "0";
        using Process process = Process.Start(start)!;
        string said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        File.Delete(source);
        File.Delete(program);
        Directory.Delete(directory);
        Assert.Equal($"hello: ENOENT: No kbusd answers in {directory}. KBUS_AUTOSTART=0 forbids to start one. Start one with 'kbusd'.\n", said);
        Assert.Equal(1, process.ExitCode);
    }

    private static string Sample(string name) => Path.Join(Checkout.Root, "samples", "c", name);

    private static Process Start(DaemonProcess daemon, string sample, params string[] arguments)
    {
        string command = Path.Join(Checkout.Root, "samples", "run-c");
        var start = new ProcessStartInfo(command, [Sample(sample), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["KBUS_RUNTIME_DIR"] = daemon.Directory;
        return Process.Start(start)!;
    }
}
