using System.Diagnostics;
using System.IO.Pipes;
using Kbus.Linux;

namespace Kbus.Cli;

/// <summary>Feeds a program, reads what it prints, and waits for its end, all on one thread and with a limit for each.</summary>
/// <remarks>
/// The program's end counts, not the end of its output: something that it left running in the background may hold its output open for ever.
/// A program that prints before it has read all would wait for us while we wait for it, so neither side is ever waited for alone.
/// </remarks>
internal sealed class ProgramPipes : IDisposable
{
    private const int Exit = 0;
    private const int Output = 1;
    private const int Input = 2;

    // The interval of polling. It is used only if the system does not report the program's end, or the program ended
    // before we could ask.
    private const long NanosecondsBetweenPolls = 50_000_000;

    private readonly Process _process;
    private readonly uint _most;
    private readonly MemoryStream _printed = new();
    private readonly byte[] _chunk = new byte[65536];
    private readonly PollEntry[] _entries = new PollEntry[3];
    private ReadOnlyMemory<byte> _toFeed;

    /// <summary>Takes over the pipes of a program that has been started.</summary>
    /// <param name="process">The program, with its standard input and output redirected.</param>
    /// <param name="input">Its input.</param>
    /// <param name="most">The most bytes that it may print.</param>
    public ProgramPipes(Process process, ReadOnlyMemory<byte> input, uint most)
    {
        _process = process;
        _toFeed = input;
        _most = most;
        _entries[Exit] = new PollEntry { Descriptor = LibC.PidfdOpen(process.Id), Events = LibC.PollIn };
        _entries[Output] = new PollEntry { Descriptor = Ours(process.StandardOutput.BaseStream), Events = LibC.PollIn };
        _entries[Input] = new PollEntry { Descriptor = Ours(process.StandardInput.BaseStream), Events = LibC.PollOut };
        if (input.IsEmpty)
        {
            CloseInput();
        }
    }

    /// <summary>Its output so far.</summary>
    public byte[] Printed => _printed.ToArray();

    /// <summary>Whether it printed more than it may; the rest was not read.</summary>
    public bool IsTooMuch { get; private set; }

    /// <summary>Waits until the program has ended, and reads all that it printed until then.</summary>
    /// <param name="limit">The time limit; null for none.</param>
    /// <param name="time">The source of time.</param>
    /// <returns>False if the time ran out first.</returns>
    public bool RunToEnd(TimeSpan? limit, TimeProvider time)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            long left = limit is null ? LibC.Forever : Nanoseconds(limit.Value - time.GetElapsedTime(start));
            bool knowsEnd = _entries[Exit].Descriptor >= 0;
            bool hasEnded = !knowsEnd && _process.HasExited;
            long wait = hasEnded ? 0 : knowsEnd ? left : (long)Math.Min((ulong)left, NanosecondsBetweenPolls);
            int ready = LibC.Poll(_entries, wait);
            if (ready == 0 && !hasEnded && left == wait)
            {
                return false;
            }

            if (ready > 0)
            {
                if (_entries[Input].Reported != 0)
                {
                    Feed();
                }

                if (_entries[Output].Reported != 0)
                {
                    _ = Read();
                }

                hasEnded |= knowsEnd && _entries[Exit].Reported != 0;
            }

            if (hasEnded)
            {
                while (Read())
                {
                    // Its output before its end is there.
                }

                return true;
            }
        }
    }

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        CloseInput();
        CloseOutput();
        if (_entries[Exit].Descriptor >= 0)
        {
            _ = LibC.Close(_entries[Exit].Descriptor);
            _entries[Exit].Descriptor = -1;
        }
    }

    private static long Nanoseconds(TimeSpan time) => time <= TimeSpan.Zero ? 0 : (long)Math.Min(time.TotalNanoseconds, long.MaxValue / 2);

    /// <summary>The descriptor of our end of a pipe. Nobody else has it, so it may be made non-blocking.</summary>
    private static int Ours(Stream stream)
    {
        int descriptor = (int)((PipeStream)stream).SafePipeHandle.DangerousGetHandle();
        _ = LibC.SetBlocking(descriptor, blocking: false);
        return descriptor;
    }

    private void Feed()
    {
        long written = LibC.Write(_entries[Input].Descriptor, _toFeed.Span);
        if (written >= 0)
        {
            _toFeed = _toFeed[(int)written..];
        }

        if (_toFeed.IsEmpty || written is < 0 and not LibC.Again)
        {
            // It has all, or does not want to read all of it.
            CloseInput();
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>False if nothing is, or will ever be.</returns>
    private bool Read()
    {
        if (_entries[Output].Descriptor < 0)
        {
            return false;
        }

        long read = LibC.Read(_entries[Output].Descriptor, _chunk);
        if (read < 0)
        {
            return false;
        }

        _printed.Write(_chunk, 0, (int)read);
        IsTooMuch |= _printed.Length > _most;
        if (read == 0 || IsTooMuch)
        {
            // One that goes on printing gets SIGPIPE, as before 'head'.
            CloseOutput();
            return false;
        }

        return true;
    }

    private void CloseInput()
    {
        if (_entries[Input].Descriptor >= 0)
        {
            _entries[Input].Descriptor = -1;
            _process.StandardInput.BaseStream.Dispose();
        }
    }

    private void CloseOutput()
    {
        if (_entries[Output].Descriptor >= 0)
        {
            _entries[Output].Descriptor = -1;
            _process.StandardOutput.BaseStream.Dispose();
        }
    }
}
