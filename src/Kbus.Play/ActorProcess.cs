using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Play;

/// <summary>An actor, in the actor's own process: reads deeds from standard input, does them with its Ksock, and answers each with one
/// line.</summary>
/// <remarks>
/// The director ends it: by the deed, by SIGTERM, or by its own end, which is the end of standard input. Ctrl-C, which a terminal sends
/// to all, is the director's.
/// </remarks>
internal sealed class ActorProcess : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, Message> _kept = [];
    private Ksock? _ksock;
    private Message? _prepared;
    private int _heads;

    private Ksock Ksock => _ksock ?? throw new InvalidOperationException("There is no Ksock yet.");

    /// <summary>Obeys commands until the command to exit. SIGTERM ends the process with exit code 0.</summary>
    /// <param name="commands">The commands, a line each.</param>
    /// <param name="answer">Writes the line that answers a command.</param>
    public static void Run(Stream commands, Action<string> answer)
    {
        using var actor = new ActorProcess();
        using PosixSignalRegistration asked = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(0));
        using var input = new StreamReader(commands);
        while (input.ReadLine() is { } line)
        {
            Deed deed = Deed.Read(line);
            answer(Deed.OneLine(actor.TryDo(deed)));
            if (deed.Kind == DeedKind.Exit)
            {
                break;
            }
        }
    }

    /// <summary>Closes the Ksock.</summary>
    public void Dispose() => _ksock?.Dispose();

    /// <summary>Does it. What goes wrong is a result too, and will not be the one that is expected.</summary>
    private string TryDo(Deed deed)
    {
        try
        {
            return Do(deed, deed.Arguments);
        }
        catch (KbusException e) when (deed.Kind is DeedKind.SendPrepared or DeedKind.Request)
        {
            return $"[Errno {(int)e.Errno}] {KbusErrors.UnixMeaning(e.Errno)}";
        }
        catch (Exception e) when (e is KbusException or InvalidOperationException or ArgumentException or KeyNotFoundException)
        {
            return e.Message;
        }
    }

    private string Do(Deed deed, IReadOnlyList<string> words)
    {
        switch (deed.Kind)
        {
            case DeedKind.Open:
                _ksock = Ksock.Open(uint.Parse(words[0], CultureInfo.InvariantCulture));
                return Ksock.ToString();
            case DeedKind.AskId:
                return $"{Ksock.Id}";
            case DeedKind.Bind:
                Ksock.Bind(words[0]);
                return "";
            case DeedKind.BindAsReplier:
                Ksock.Bind(words[0], replier: true);
                return "";
            case DeedKind.Unbind:
                Ksock.Unbind(words[0]);
                return "";
            case DeedKind.Announce:
                return Send(new Announcement(words[0], words[1]));
            case DeedKind.Request:
                return Send(new Request(words[0], words[1]));
            case DeedKind.Read:
                return Keep(words[0], Ksock.ReadNextMessage());
            case DeedKind.Wait:
                return Keep(words[0], Ksock.WaitForMessage(LongestWait));
            case DeedKind.WantsUsToReply:
                return _kept[words[0]].WantsUsToReply ? "True" : "False";
            case DeedKind.PrepareReply:
                return Prepare(Message.ReplyTo(_kept[words[0]], words[1]));
            case DeedKind.PrepareStatefulRequest:
                return Prepare(Message.StatefulRequest(_kept[words[0]], words[1], words[2]));
            case DeedKind.SendPrepared:
                return Send(_prepared!);
            case DeedKind.From:
                return $"{_kept[words[0]].From}";
            case DeedKind.CountHead:
                bool isHead = _kept[words[0]].DataAsText == "Head";
                _heads += isHead ? 1 : 0;
                return isHead ? "A head - amazing" : "Bah, tails";
            case DeedKind.ReplyWithCount:
                return Send(Message.ReplyTo(_kept[words[0]], $"Head count is {_heads}"));
            case DeedKind.SayData:
                return $"{words[1]} {_kept[words[0]].DataAsText}";
            case DeedKind.Say:
                return words[0];
            case DeedKind.ExplainErrno:
                return Explain(words[0]);
            case DeedKind.ReadAll:
                string left = string.Join('\n', Ksock.ReadAvailable().Select(m => m.ToString()));
                return left.Length == 0 ? "nothing" : left;
            case DeedKind.Close:
                Ksock.Dispose();
                return Ksock.ToString();
            case DeedKind.Exit:
                Dispose();
                return "";
            default:
                throw new InvalidOperationException($"An actor is not told to {deed.Kind}.");
        }
    }

    private string Send(Message message)
    {
        MessageId id = Ksock.Send(message);
        return $"MessageId({id.NetworkId}, {id.SerialNumber})";
    }

    private string Keep(string name, Message? message)
    {
        if (message is not null)
        {
            _kept[name] = message;
        }

        return message?.ToString() ?? "None";
    }

    private string Prepare(Message message)
    {
        _prepared = message;
        return message.ToString();
    }

    private static string Explain(string errno)
    {
        ProcessStartInfo start = OwnProgram.Start("errno", errno);
        start.RedirectStandardOutput = true;
        using Process process = Process.Start(start)!;
        string printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return printed.TrimEnd('\n');
    }
}
