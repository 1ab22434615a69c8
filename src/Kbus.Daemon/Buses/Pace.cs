using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Which time slices the bus's thread asks the kernel for.</summary>
/// <remarks>
/// <para>With little to do: short slices, like those of clients that send Requests and Replies (<see cref="PromptThread"/>). Otherwise a client
/// that the bus wakes would take the processor in the middle of a round, and others would wait for that round. Measured: a Request and its Reply
/// take 11 microseconds instead of 11 to 28, depending on where the threads run.</para>
/// <para>With much to do: the usual slices, so that a client with a Request goes first. Measured beside eight announcers: with short slices the
/// slowest of a thousand Requests takes twice as long.</para>
/// <para>One thread uses it.</para>
/// </remarks>
internal sealed class Pace
{
    private const int RoundsTogether = 1024;

    // In a ping-pong most rounds find nothing. Announcers that fill the processors send 400 commands and more in so many rounds.
    private const int MuchToDo = RoundsTogether / 4;

    private int _rounds;
    private int _commands;

    /// <summary>Counts a round.</summary>
    /// <param name="commands">The number of commands carried out in it.</param>
    public void Note(int commands)
    {
        _commands += commands;
        if (++_rounds == RoundsTogether)
        {
            Choose();
        }
    }

    private void Choose()
    {
        if (_commands < MuchToDo)
        {
            PromptThread.Note();
        }
        else
        {
            PromptThread.End();
        }

        (_rounds, _commands) = (0, 0);
    }
}
