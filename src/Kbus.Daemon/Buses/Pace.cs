using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Which time slices the bus's thread asks the kernel for.</summary>
/// <remarks>
/// <para>Short ones, as its clients have that ask and reply (<see cref="PromptThread"/>), while it has little to do: a client that it wakes would
/// else take the processor from it in the middle of a round, and others wait for that round. Measured: a Request and its Reply take 11 microseconds
/// in place of 11 to 28, by where the threads happen to run.</para>
/// <para>Those of most threads while it has much to do: then who asks is to go first. Measured under the load of eight announcers: with
/// short slices the slowest of a thousand Requests takes twice as long.</para>
/// <para>One thread uses it.</para>
/// </remarks>
internal sealed class Pace
{
    private const int RoundsTogether = 1024;

    // In a ping-pong most rounds only look; announcers who fill the processors have 400 commands and more in so many rounds.
    private const int MuchToDo = RoundsTogether / 4;

    private int _rounds;
    private int _commands;

    /// <summary>A round is over, in which so many commands were carried out.</summary>
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
