using Kbus.Core;

namespace Kbus;

/// <summary>What is known of the last call at the bare level that failed in a thread: for who asks why.</summary>
/// <remarks>
/// A refusal may be what a program counts on, as a full queue is. So a call that fails only records what it was about, in memory that the thread goes on
/// using; the sentence is made when somebody asks for it. A call that succeeds records nothing. Each thread has its own.
/// </remarks>
internal sealed class FailedCall
{
    [ThreadStatic]
    private static FailedCall? _ofThisThread;

    private Errno _error;
    private Subject _subject;
    private string? _text;
    private string? _because;
    private string _operation = "";
    private KsockName? _self;
    private MessageHeader _header;
    private SendSubject? _waiting;
    private byte[] _name = new byte[64];
    private int _nameLength;
    private int _dataLength;
    private uint _number;
    private uint _policyLine;
    private bool _isReplier;
    private Setting _setting;

    private enum Subject
    {
        Call,
        Text,
        Send,
        Retry,
        Bind,
        Unbind,
        FindReplier,
        Setting,
        Read,
    }

    /// <summary>That of this thread.</summary>
    public static FailedCall OfThisThread => _ofThisThread ??= new FailedCall();

    /// <summary>Which error.</summary>
    public Errno Error => _error;

    /// <summary>Records a call that is about no name.</summary>
    public void Call(Errno error, string operation, KsockName? self = null, string? because = null, string? what = null)
    {
        Begin(error, Subject.Call, self);
        (_operation, _because, _text) = (operation, because, what);
    }

    /// <summary>Records a call of which the whole text is known.</summary>
    public void Told(KbusException refusal)
    {
        Begin(refusal.Errno, Subject.Text, null);
        _text = refusal.Message;
    }

    /// <summary>Records a message that was not sent, or waits.</summary>
    public void Send(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength, KsockName self)
    {
        Begin(error, Subject.Send, self);
        _header = header;
        _dataLength = dataLength;
        Keep(name);
    }

    /// <summary>Records another attempt of the message that waits.</summary>
    public void Retry(Errno error, SendSubject? waiting, KsockName self)
    {
        Begin(error, Subject.Retry, self);
        _waiting = waiting;
    }

    /// <summary>Records a bind.</summary>
    public void Bind(Errno error, ReadOnlySpan<byte> name, bool isReplier, uint replier, KsockName self)
    {
        Begin(error, Subject.Bind, self);
        Keep(name);
        (_isReplier, _number) = (isReplier, replier);
    }

    /// <summary>Records an unbind.</summary>
    public void Unbind(Errno error, ReadOnlySpan<byte> name, bool isReplier, KsockName self)
    {
        Begin(error, Subject.Unbind, self);
        Keep(name);
        _isReplier = isReplier;
    }

    /// <summary>Records a question about a name.</summary>
    public void FindReplier(Errno error, ReadOnlySpan<byte> name, KsockName self)
    {
        Begin(error, Subject.FindReplier, self);
        Keep(name);
    }

    /// <summary>Records a setting.</summary>
    public void Set(Errno error, Setting setting, uint value, KsockName self)
    {
        Begin(error, Subject.Setting, self);
        (_setting, _number) = (setting, value);
    }

    /// <summary>Records a call that reads or waits for a message.</summary>
    public void Read(Errno error, KsockName self) => Begin(error, Subject.Read, self);

    /// <summary>Says what happened, as the message of a <see cref="KbusException"/> does.</summary>
    public string Explain()
    {
        ReadOnlySpan<byte> name = _name.AsSpan(0, Math.Min(_nameLength, _name.Length));
        KsockName self = _self.GetValueOrDefault();
        PolicyLine.OfThisThread = _policyLine;
        return _subject switch
        {
            Subject.Text => _text!,
            Subject.Send => Refusals.OfSend(_error, _header, name, _dataLength, self).Message,
            Subject.Retry => Refusals.OfRetry(_error, _waiting, self).Message,
            Subject.Bind => Refusals.OfBind(_error, name, _nameLength, _isReplier, _number, self).Message,
            Subject.Unbind => Refusals.OfUnbind(_error, name, _nameLength, _isReplier, self).Message,
            Subject.FindReplier => Refusals.OfFindReplier(_error, name, _nameLength, self).Message,
            Subject.Setting => Refusals.OfSetting(_error, _setting, _number, self).Message,
            Subject.Read => Refusals.OfRead(_error, self).Message,
            _ => Refusals.Of(_error, _because, _text, _self, _operation).Message,
        };
    }

    private void Begin(Errno error, Subject subject, KsockName? self)
    {
        _error = error;
        _subject = subject;
        _self = self;
        _text = null;
        _waiting = null;
        _nameLength = 0;
        _policyLine = PolicyLine.OfThisThread;
    }

    /// <summary>Keeps a name, and of one that is too long its length.</summary>
    private void Keep(ReadOnlySpan<byte> name)
    {
        _nameLength = name.Length;
        name = name[..Math.Min(name.Length, MessageName.MaxLength)];
        if (_name.Length < name.Length)
        {
            _name = new byte[MessageName.MaxLength];
        }

        name.CopyTo(_name);
    }
}
