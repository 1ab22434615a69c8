using System.Text;
using System.Text.Json;
using Kbus.Cli;
using Kbus.Daemon;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>Questions at the control socket of a real daemon. The first byte says in how many pieces the bytes come.</summary>
/// <remarks>What is answered is one JSON document. A status or the charges are understood by the command, too.</remarks>
internal sealed class QuestionTarget : Target
{
    private const int LongestQuestion = 256;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override string Name => "questions";

    /// <inheritdoc/>
    public override string About => "questions at the control socket";

    /// <inheritdoc/>
    public override int LongestInput => 400;

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
        [[0, .. "status\n"u8], [1, .. "charges\n"u8], [2, .. "status"u8], [0, .. "what\nstatus\n"u8], [0, .. new byte[300]]];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        string path = RuntimeDirectory.ControlSocket(FuzzedDaemon.ForVisitors().Directory);
        int result = UnixSocket.Connect(path, Deadline.After(Limit), out Descriptor? connection);
        Expect(result >= 0, $"the control socket cannot be reached: {(Errno)(-result)}");
        using (connection)
        {
            // In pieces no more than the question: when that is there, the daemon may hang up.
            ReadOnlySpan<byte> asked = input[1..];
            int line = asked.IndexOf((byte)'\n');
            ReadOnlySpan<byte> bytes = (input[0] & 3) == 0 ? asked : asked[..Math.Min(line < 0 ? asked.Length : line + 1, LongestQuestion)];
            int piece = (bytes.Length / ((input[0] & 3) + 1)) + 1;
            while (!bytes.IsEmpty)
            {
                // It may have answered before all was asked, and hung up.
                int count = Math.Min(piece, bytes.Length);
                if (LibC.Send(connection!.Number, bytes[..count], LibC.MessageDontWait) < 0)
                {
                    break;
                }

                bytes = bytes[count..];
            }

            Check(asked, Answer(connection!, isComplete: line >= 0 || asked.Length >= LongestQuestion));
        }
    }

    private static byte[] Answer(Descriptor connection, bool isComplete)
    {
        if (!isComplete)
        {
            // It would be waited for.
            return [];
        }

        var answer = new MemoryStream();
        byte[] chunk = new byte[4096];
        while (true)
        {
            Expect(LibC.Poll(connection.Number, LibC.PollIn, Deadline.After(Limit)) > 0, "a question got no answer");
            int received = LibC.Receive(connection.Number, chunk, LibC.MessageDontWait);
            if (received <= 0)
            {
                return answer.ToArray();
            }

            answer.Write(chunk, 0, received);
        }
    }

    private static void Check(ReadOnlySpan<byte> asked, byte[] answer)
    {
        if (answer.Length == 0)
        {
            return;
        }

        int end = asked.IndexOf((byte)'\n');
        string question = end is >= 0 and < LongestQuestion ? Encoding.ASCII.GetString(asked[..end]) : "";
        using JsonDocument document = JsonDocument.Parse(answer);
        bool isError = document.RootElement.TryGetProperty("error", out _);
        Expect(isError == question is not ("status" or "charges"), $"'{question}' was answered with {Encoding.UTF8.GetString(answer)}");
        if (question == "status")
        {
            _ = DaemonStatus.Read(answer);
        }
    }
}
