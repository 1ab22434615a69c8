using System.Text;
using Kbus.Replay;

namespace Kbus.Languages;

/// <summary>Every language with every language, in processes of their own, over one kbusd.</summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    private const string Good = "as it should be";

    [Fact]
    public async Task Every_language_understands_every_other()
    {
        string playerInC = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
        CompiledLibrary.Find().Compile(Language.SourceOf("player.c"), playerInC);
        try
        {
            using DaemonProcess daemon = DaemonProcess.Start();
            IReadOnlyList<Language> languages = Language.All(playerInC);
            var table = new StringBuilder().AppendLine(Row("from", "to", "announcements", "requests"));
            List<string> wrong = [];
            foreach (Language from in languages)
            {
                foreach (Language to in languages)
                {
                    string told = await Try(() => Announce(daemon, from, to)), asked = await Try(() => Ask(daemon, from, to));
                    table.AppendLine(Row(from.Name, to.Name, told, asked));
                    if (told != Good || asked != Good)
                    {
                        wrong.Add($"{from.Name} to {to.Name}");
                    }
                }
            }

            output.WriteLine(table.ToString());
            Assert.Equal(9, languages.Count * languages.Count);
            Assert.True(wrong.Count == 0, $"{string.Join(", ", wrong)}:\n{table}");
        }
        finally
        {
            File.Delete(playerInC);
        }
    }

    private static string Row(string from, string to, string told, string asked) => $"{from,-8}{to,-8}{told,-18}{asked}";

    /// <summary>A listener hears what a sender sends: the same ids, the same data, in the same order.</summary>
    private static async Task Announce(DaemonProcess daemon, Language from, Language to)
    {
        using var listener = new Player(to, "listener", daemon.Directory);
        await listener.Ready();
        using var sender = new Player(from, "sender", daemon.Directory);
        string[] sent = await sender.Said();
        Assert.Equal(Contents.All.Select(c => Contents.Describe(c)), sent.Select(WithoutId));
        Assert.Equal(sent, await listener.Said());
    }

    /// <summary>Requests and a stateful one are answered; a replier that goes is noticed, and is not asked again.</summary>
    private static async Task Ask(DaemonProcess daemon, Language from, Language to)
    {
        using var replier = new Player(to, "replier", daemon.Directory);
        await replier.Ready();
        using var requester = new Player(from, "requester", daemon.Directory);
        string[] answers = await requester.Said();
        string[] requests = await replier.Said();
        string[] ids = [.. requests.Select(r => r.Split(' ')[1])];
        byte[] then = "And then?"u8.ToArray(), go = "Go"u8.ToArray();

        Assert.Equal(Contents.All.Count + 2, requests.Length);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(
            [
                .. Contents.All.Select((c, i) => $"request {ids[i]} {Contents.Describe(c)}"),
                $"stateful {ids[^2]} {Contents.Describe(then)}",
                $"stateful {ids[^1]} {Contents.Describe(go)}",
            ],
            requests);
        Assert.Equal(
            [
                .. Contents.All.Append(then).Select((c, i) => $"reply {ids[i]} {Contents.Describe(Contents.Backwards(c))}"),
                $"status {ids[^1]} $.KBUS.Replier.Ignored",
                "refused EADDRNOTAVAIL",
            ],
            answers);
    }

    private static string WithoutId(string line) => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    /// <summary>What stands in the table: one pair that fails does not keep the others from being tried.</summary>
    private static async Task<string> Try(Func<Task> pair)
    {
        try
        {
            await pair();
            return Good;
        }
        catch (Exception e) when (e is Xunit.Sdk.IAssertionException or InvalidOperationException or TimeoutException)
        {
            return e.Message;
        }
    }
}
